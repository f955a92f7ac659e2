# Best bid and ask that a file of LOBSTER messages (time,type,order_id,size,price,direction) leaves behind when the
# book was empty before its first line. It shares nothing with the book builder: it keeps a plain list of live orders
# and looks at all of them at the end.
#
#   awk -f best_prices.awk messages.csv
#
# prints, in 1/10,000 dollar and with "none" for a side where nobody is left:
#
#   best_bid=5853500
#   best_ask=5857100
#   unknown_orders=9      messages on orders placed before the file begins
#   live_orders=38        placed in the file, and still there at its end
#   messages=999

BEGIN { FS = "," }

{ sub(/\r$/, "") }

# A submission.
$2 == 1 {
  shares[$3] = $4 + 0
  price[$3] = $5 + 0
  direction[$3] = $6 + 0
  next
}

# A partial cancellation, a deletion or a visible execution: the messages that name a resting order.
$2 == 2 || $2 == 3 || $2 == 4 {
  if (!($3 in shares)) {
    ++unknown
    next
  }
  if ($2 == 3) shares[$3] = 0
  else shares[$3] -= $4
  if (shares[$3] <= 0) delete shares[$3]
}

# %s would print a large price as 1.2e+10.
function shown(best) { return best == "" ? "none" : sprintf("%.0f", best) }

END {
  for (order in shares) {
    ++live
    if (direction[order] == 1 && (bid == "" || price[order] > bid)) bid = price[order]
    if (direction[order] == -1 && (ask == "" || price[order] < ask)) ask = price[order]
  }
  printf "best_bid=%s\nbest_ask=%s\n", shown(bid), shown(ask)
  printf "unknown_orders=%d\nlive_orders=%d\nmessages=%d\n", unknown, live, NR
}
