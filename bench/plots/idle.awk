# Prepares idle.gnuplot. In: the idle lines of rows.jq. Out, in DIRECTORY: `points`, `names`, and `leads` from
# the ones to the others.
#   awk -v directory=DIRECTORY -f idle.awk ROWS
# Prints "POINTS LOWEST HIGHEST", the last two being the limits of the axis, as powers of ten of ns.
BEGIN {
  FS = OFS = "\t"
  least = 0.01       # per cent: the clock of CPU time counts no less, so what is below stands at the axis
  name_length = 1.5  # of a name as drawn, in decades of CPU
}

function log10(value) { return log(value) / log(10) }
function floor(value) { return value < int(value) ? int(value) - 1 : int(value) }
function near(a, b, distance) { return a - b < distance && b - a < distance }

$1 == "idle" && $4 > 0 {
  name[++points] = $2
  x[points] = log10($3 < least ? least : $3)
  y[points] = log10($4)
  if (lowest == "" || y[points] < lowest) lowest = y[points]
  if (highest == "" || y[points] > highest) highest = y[points]
}

END {
  if (points == 0) { print 0, 0, 0; exit }
  lowest = floor(lowest); highest = floor(highest) + 1
  gap = 0.058 * (highest - lowest)
  # Names stand beside their points; a crowd's in one column, to the right of it.
  for (i = 1; i <= points; i++) {
    beside[i] = x[i]
    for (k = 1; k <= points; k++) {
      if (k == i || !near(x[k], x[i], 0.4) || !near(y[k], y[i], 2 * gap)) continue
      crowded[i] = 1
      if (x[k] > beside[i]) beside[i] = x[k]
    }
    at[i] = y[i] + i * 1e-6
  }
  # Those that stand too near push each other apart, evenly.
  for (pass = 0; pass < 1000; pass++)
    for (i = 1; i <= points; i++)
      for (k = 1; k <= points; k++) {
        if (y[k] + k * 1e-6 <= y[i] + i * 1e-6 || !near(beside[i], beside[k], name_length)) continue
        missing = gap - (at[k] - at[i])
        if (missing <= 0) continue
        at[i] -= missing / 2
        at[k] += missing / 2
      }
  for (i = 1; i <= points; i++) {
    shade = name[i] == "sluice" ? ours : name[i] ~ /^sluice/ ? ours_too : theirs
    print 10 ^ x[i], 10 ^ y[i], shade, (name[i] ~ /^sluice/ ? 1.2 : 0.9) >(directory "/points")
    if (crowded[i]) {
      print 10 ^ x[i], 10 ^ y[i] >(directory "/leads")
      print 10 ^ (beside[i] + 0.17), 10 ^ at[i] "\n" >(directory "/leads")
    }
    print 10 ^ (beside[i] + (crowded[i] ? 0.19 : 0.1)), 10 ^ at[i], name[i], \
      (name[i] ~ /^sluice/ ? ours : text) >(directory "/names")
    if (at[i] - gap / 2 < lowest) lowest = at[i] - gap / 2
    if (at[i] + gap / 2 > highest) highest = at[i] + gap / 2
  }
  printf "" >(directory "/leads")
  print points, lowest, highest
}
