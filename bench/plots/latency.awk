# Prepares one figure of latency.gnuplot. In: the latency lines of rows.jq. Out, in DIRECTORY: `lines`, one
# block for each peer, and `ends`, gnuplot's commands that put its name beside its last point, moved
# where names would overlap.
#   awk -v topology=NAME -v directory=DIRECTORY -f latency.awk ROWS
# Prints "PEERS LOWEST HIGHEST", the last two being the decades (powers of ten, in ns) that hold every point.
BEGIN {
  FS = OFS = "\t"
  hues = split("0xd29922 0x3fb950 0xa371f7 0xdb61a2 0x1fa7b3 0xf0704a 0x6e9b34", hue, " ")
  gap = 0.050  # of the figure's height, between two names
}

function log10(value) { return log(value) / log(10) }
function floor(value) { return value < int(value) ? int(value) - 1 : int(value) }
# 50 % stands at 0.3, 99 % at 2, 99.9 % at 3: every nine is one step.
function step(percentile) { return -log10(1 - percentile / 100) }

$1 == "latency" && $2 == topology && $5 > 0 {
  if (!($3 in points)) name[++peers] = $3
  i = ++points[$3]
  x[$3, i] = step($4); y[$3, i] = $5
  for (; i > 1 && x[$3, i] < x[$3, i - 1]; i--) {
    keep = x[$3, i]; x[$3, i] = x[$3, i - 1]; x[$3, i - 1] = keep
    keep = y[$3, i]; y[$3, i] = y[$3, i - 1]; y[$3, i - 1] = keep
  }
  if (lowest == "" || log10($5) < lowest) lowest = log10($5)
  if (highest == "" || log10($5) > highest) highest = log10($5)
}

function time(ns) {
  if (ns < 1e6) return sprintf("%.0f µs", ns / 1e3)
  if (ns < 1e9) return sprintf("%.0f ms", ns / 1e6)
  return sprintf("%.1f s", ns / 1e9)
}

function colour(p) {
  if (p == "sluice") return ours
  if (p ~ /^sluice/) return ours_too
  if (p ~ /^bare_/) return theirs
  return hue[1 + used++ % hues]
}

END {
  if (peers == 0) { print 0, 0, 0; exit }
  lowest = floor(lowest); highest = floor(highest) + 1
  # Who can't keep up waits ever longer: such a line ends at the top, and its name says how high it went.
  if (highest > lowest + 4) highest = lowest + 4
  top = 10 ^ highest
  # Ours last, on top of the others.
  for (pass = 0; pass < 2; pass++)
    for (i = 1; i <= peers; i++) {
      p = name[i]
      if ((p == "sluice") != pass) continue
      shade = colour(p)
      for (k = 1; k <= points[p]; k++) print x[p, k], (y[p, k] > top ? top : y[p, k]), shade >(directory "/lines")
      printf "\n\n" >(directory "/lines")
      n = ++ends
      end_name[n] = p; end_x[n] = x[p, points[p]]; end_shade[n] = p ~ /^sluice/ ? ours : shade
      last = y[p, points[p]]
      if (last > top) {
        end_name[n] = p " (" time(last) ")"
        last = top
      }
      end_y[n] = (log10(last) - lowest) / (highest - lowest)
    }
  # Names that stand too near push each other apart, evenly, so that each stays as near its line as it can.
  for (i = 1; i <= ends; i++) order[i] = i
  for (i = 2; i <= ends; i++)
    for (k = i; k > 1 && end_y[order[k]] < end_y[order[k - 1]]; k--) {
      keep = order[k]; order[k] = order[k - 1]; order[k - 1] = keep
    }
  for (pass = 0; pass < 500; pass++)
    for (i = 2; i <= ends; i++) {
      missing = gap - (end_y[order[i]] - end_y[order[i - 1]])
      if (missing <= 0) continue
      end_y[order[i - 1]] -= missing / 2
      end_y[order[i]] += missing / 2
    }
  for (i = 1; i <= ends; i++)
    printf "set label \"%s\" at %.3f, %.1f left font \",11\" textcolor rgb %s noenhanced\n", end_name[i], \
      end_x[i] + 0.06, 10 ^ (lowest + end_y[i] * (highest - lowest)), end_shade[i] >(directory "/ends")
  print ends, lowest, highest
}
