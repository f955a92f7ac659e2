# Bars with ranges, a panel for each topology. Everything is laid out by bars.awk, in points.
# Variables: data (directory), out (file), width, height, heading, caption.
load style
set lmargin at screen 0; set rmargin at screen 1; set tmargin at screen 1; set bmargin at screen 0
unset xtics; unset ytics
set xrange [0:width]
set yrange [bottom + 56:-40]
set datafile separator "\t"
set label 1 heading at graph 0, screen 1 offset 1, -1.2 font ',14' textcolor rgb text noenhanced
set style fill solid noborder
plot data.'/bars' using 1:2:1:3:($2-$4):($2+$4):5 with boxxyerror linecolor rgb variable, \
     data.'/ranges' using 1:2:3:(0) with vectors nohead linewidth 1.5 linecolor rgb text, \
     data.'/names' using 1:2:3:4 with labels right font ',10.5' textcolor rgb variable noenhanced, \
     data.'/values' using 1:2:3:4 with labels left font ',10.5' textcolor rgb variable noenhanced, \
     data.'/heads' using 1:2:3 with labels left font ',12' textcolor rgb text noenhanced
