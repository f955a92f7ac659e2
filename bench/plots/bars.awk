# Lays out the panels of throughput.gnuplot, one for each topology, in two columns. In: the throughput lines of
# rows.jq. Out, in DIRECTORY: bars, ranges, names, values and heads, in points from the top left corner.
#   awk -v batched=0|1 -v directory=DIRECTORY -f bars.awk ROWS
# Prints the figure's height; 0 means that there is nothing to show.
BEGIN {
  FS = OFS = "\t"
  row = 16; head = 30
  column = 450; name_width = 212; bar_width = 150
}

$1 == "throughput" && ($4 > 1) == batched {
  if (!($2 in peers)) topologies[++panels] = $2
  i = ++peers[$2]
  peer[$2, i] = $3; median[$2, i] = $5; low[$2, i] = $6; high[$2, i] = $7
}

# Three digits at least, as the table of the benchmark has them.
function pretty(value) { return sprintf(value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value) }

# Ours stand out; what we measure ourselves against but nobody can use, the limit, steps back.
function colour(name) {
  if (name == "sluice" || (batched && name == "sluice_batch")) return ours
  if (name ~ /^sluice/) return ours_too
  if (name ~ /^bare_/) return limit
  return bar
}

function swap(t, i, k,    keep) {
  keep = peer[t, i]; peer[t, i] = peer[t, k]; peer[t, k] = keep
  keep = median[t, i]; median[t, i] = median[t, k]; median[t, k] = keep
  keep = low[t, i]; low[t, i] = low[t, k]; low[t, k] = keep
  keep = high[t, i]; high[t, i] = high[t, k]; high[t, k] = keep
}

function draw(t, left, top,    i, k, largest, start, scale, y) {
  for (i = 1; i <= peers[t]; i++)
    for (k = i; k > 1 && median[t, k] > median[t, k - 1]; k--) swap(t, k, k - 1)
  for (i = 1; i <= peers[t]; i++) if (high[t, i] + 0 > largest) largest = high[t, i] + 0
  start = left + name_width
  scale = largest > 0 ? bar_width / largest : 0
  print start, top + 14, t >(directory "/heads")
  for (i = 1; i <= peers[t]; i++) {
    y = top + head + (i - 0.5) * row
    print start, y, start + median[t, i] * scale, row * 0.34, colour(peer[t, i]) >(directory "/bars")
    print start + low[t, i] * scale, y, (high[t, i] - low[t, i]) * scale >(directory "/ranges")
    print start - 7, y, peer[t, i], (peer[t, i] ~ /^sluice/ ? ours : text) >(directory "/names")
    print start + high[t, i] * scale + 6, y, pretty(median[t, i]), (peer[t, i] ~ /^sluice/ ? ours : text) \
      >(directory "/values")
  }
}

END {
  # Down the left column until it holds half of the rows, then down the right one.
  for (p = 1; p <= panels; p++) total += head + peers[topologies[p]] * row
  side = 0
  for (p = 1; p <= panels; p++) {
    t = topologies[p]
    size = head + peers[t] * row
    if (side == 0 && p > 1 && bottom[0] + size / 2 > total / 2) side = 1
    draw(t, side * column, bottom[side])
    bottom[side] += size + 8
  }
  print (bottom[0] > bottom[1] ? bottom[0] : bottom[1]) + 0
}
