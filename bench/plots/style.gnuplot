# What every figure shares. Nothing is painted behind it, and its greys are seen on white as on black.
set encoding utf8
text = '#7d8590'
faint = '#8b949e'
set terminal svg size width, height dynamic font 'sans-serif,12' linewidth 1
set output out
set border 0
set tics nomirror scale 0 textcolor rgb text
set key off
set title textcolor rgb text
set xlabel textcolor rgb text
set ylabel textcolor rgb text
# How far it may be repeated: machine, commit and command, below everything else.
set label 100 caption at screen 0, screen 0 offset 1, 2.0 font ',10' textcolor rgb text noenhanced
