# From the results of bench_topology to lines that awk reads: a kind, then its columns, between tabs.
#   throughput  topology  peer  batch  median  low  high   million events per second
#   latency     topology  peer  percentile  ns             a line for each point of the curve, p50 to p99.99
#   idle        peer  cpu_percent  wake_ns                 CPU while nothing happens, median of waking up
#   meta        machine | commit | command | regime | left_out | payload | every   value
# Only what may be compared: one regime and one payload, 64 bytes if they were measured. The regime is the one
# that most cases have; a mixed or disturbed one only if every other has less than half of them.

def case_count: map([.topology, .peer, .payload_bytes, .batch]) | unique | length;

def most_seen(rows):
  (rows | case_count) as $cases
  | rows | group_by(.regime)
  | max_by([(.[0].regime | . != "mixed" and . != "disturbed") and 2 * length >= $cases, length])
  | .[0].regime;

# What most of them are sent at, in us.
def usual_rate(rows): rows | map(.every_ns // 0) | group_by(.) | max_by(length) | (.[0] // 0) / 1000;

# One thread's time for an event is a throughput too.
def throughput:
  if has("median_mps") then [.median_mps, .low, .high]
  elif .topology == "same_thread" and has("median_ns") then [1000 / .median_ns, 1000 / .high, 1000 / .low]
  else empty end;

. as $run
| most_seen(.results) as $regime
| [.results[] | select(.regime == $regime)] as $rows
| ([$rows[] | select(has("median_mps")) | .payload_bytes] | unique) as $payloads
| (if $payloads | index(64) then 64 else $payloads[0] // 64 end) as $payload
| [$rows[] | select(has("percentiles") and .topology != "idle" and .payload_bytes == $payload)] as $curves
| usual_rate($curves) as $every
| ([$run.cpu, (if $run.cores then "\($run.cores) cores" else null end), $run.system, $run.compiler]
     | map(select(. != null)) | ["meta", "machine", join(", ")]),
  ["meta", "commit", $run.commit],
  ["meta", "command", $run.command],
  ["meta", "regime", $regime],
  ["meta", "left_out", ($run.results | case_count) - ($rows | case_count)],
  ["meta", "payload", $payload],
  ["meta", "every", $every],
  ($rows[] | select(.payload_bytes == $payload) | ["throughput", .topology, .peer, .batch] + throughput),
  ($curves[]
     | ((.every_ns // 0) / 1000) as $own
     | (if $own == $every then .peer else "\(.peer), every \($own) µs" end) as $name
     | .topology as $topology
     | .percentiles[] | select(.[0] >= 50 and .[0] <= 99.99) | ["latency", $topology, $name, .[0], .[1]]),
  ($rows[] | select(.topology == "idle") | ["idle", .peer, .cpu_percent, .wake_p50_ns])
| @tsv
