# Percentiles of one way, a line for each peer, named at its end.
# Variables: data (directory), out (file), width, height, heading, caption, peers, lowest and highest (decades).
load style
set lmargin at screen 0.075; set rmargin at screen 0.75; set tmargin at screen 0.87; set bmargin at screen 0.19
set datafile separator "\t"
set label 1 heading at screen 0, screen 1 offset 1, -1.2 font ',14' textcolor rgb text noenhanced
set logscale y
set xrange [0.2:4]
set yrange [0.99 * 10**lowest:1.01 * 10**highest]
set xtics ('p50' 0.30103, 'p90' 1, 'p99' 2, 'p99.9' 3, 'p99.99' 4)
set ytics ('10 ns' 1e1, '100 ns' 1e2, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9)
set grid ytics xtics linetype 1 linewidth 0.4 linecolor rgb '#a0'.faint[2:7]
load data.'/ends'
plot for [i=0:peers-1] data.'/lines' index i using 1:2:3 with lines linewidth (i == peers-1 ? 3 : 1.6) linecolor rgb variable, \
     for [i=0:peers-1] data.'/lines' index i using 1:2:3 with points pointtype 7 pointsize 0.4 linecolor rgb variable
