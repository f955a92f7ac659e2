# Takes from gnuplot's SVG what says nothing: its names for its own parts, which browsers show as tips, the
# group around each text, the spaces at the lines' ends.
#   awk -v title=TITLE -f slim.awk FIGURE.svg
{ sub(/[ \t]+$/, "") }
/^$/ { next }
/^<svg$/ { print "<svg font-family=\"sans-serif\""; next }
{ gsub(/<title>Gnuplot<\/title>/, "<title>" title "</title>") }
{ sub(/<title>data[^<]*<\/title>/, "") }

# <g transform="translate(X,Y)" ...> <text><tspan>WORDS</tspan></text> </g>
/<g transform="translate\([0-9.,-]*\)" stroke="none"/ {
  at = index($0, "<g transform=")
  before = substr($0, 1, at - 1)
  attributes = substr($0, at)
  split(attributes, part, /[(,)]/)
  sub(/^[^)]*\)"/, "", attributes)
  sub(/ font-family="[^"]*"/, "", attributes)
  sub(/ +text-anchor="start"/, "", attributes)
  sub(/>.*/, "", attributes)
  getline text
  sub(/^.*<text[^>]*>(<tspan[^>]*>)?/, "", text)
  sub(/(<\/tspan>)?<\/text>.*$/, "", text)
  getline closing
  sub(/^[ \t]+/, "", before)
  printf "%s<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", before, part[2], part[3], attributes, text
  next
}
{ sub(/^[ \t]+/, ""); print }
