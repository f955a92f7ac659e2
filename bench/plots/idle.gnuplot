# What waiting costs against how fast it ends: the better, the nearer to the lower left corner.
# Variables: data (directory), out (file), width, height, heading, caption, lowest and highest (powers of ten).
load style
set lmargin at screen 0.09; set rmargin at screen 0.84; set tmargin at screen 0.87; set bmargin at screen 0.25
set datafile separator "\t"
set label 1 heading at screen 0, screen 1 offset 1, -1.2 font ',14' textcolor rgb text noenhanced
set logscale xy
set xrange [0.008:500]
set yrange [0.99 * 10**lowest:1.01 * 10**highest]
set xlabel 'CPU while nothing happens (100 %: one core)' offset 0, 0
set xtics ('≤ 0.01 %%' 0.01, '0.1 %%' 0.1, '1 %%' 1, '10 %%' 10, '100 %%' 100)
set ytics ('10 ns' 1e1, '100 ns' 1e2, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9)
set grid ytics xtics linetype 1 linewidth 0.4 linecolor rgb '#a0'.faint[2:7]
plot data.'/leads' using 1:2 with lines linewidth 0.7 linecolor rgb faint, \
     data.'/points' using 1:2:4:3 with points pointtype 7 pointsize variable linecolor rgb variable, \
     data.'/names' using 1:2:3:4 with labels left font ',11' textcolor rgb variable noenhanced
