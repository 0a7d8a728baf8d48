# awk -f targets.awk targets.tsv ROWS: which of the targets the rows (one JSON object a line) reach. Every target without a
# row is told, too.
function trim(value) { gsub(/^[ \t]+|[ \t]+$/, "", value); return value }
function field(name,   value) { # of the row in $0; "" when it is not there
    if (!match($0, "\"" name "\": *(\"[^\"]*\"|[^,}]*)")) return ""
    value = substr($0, RSTART, RLENGTH)
    sub("^\"" name "\": *", "", value)
    gsub("\"", "", value)
    return trim(value)
}
# 3: named, 2: by its letter, 1: any, 0: not meant
function meant(list, recording,   names, n, i, best) {
    n = split(list, names, ",")
    for (i = 1; i <= n; i++) {
        if (names[i] == recording) return 3
        if (names[i] ~ /^[a-z]$/ && recording ~ ("^" names[i] "[0-9]+$")) best = 2
        else if (names[i] == "*" && !best) best = 1
    }
    return best + 0
}
function judge(t,   ours, peer, value, far) {
    ours = field("ours"); peer = field("peer_value"); value = limit[t]
    if (ours == "null" || (peer == "null" && rule[t] ~ /ratio|above/)) return "not measured"
    if (rule[t] == "row") {
        if (peer + 0 == 0) return "" # told for people, nothing is required
        far = field("ratio")
        return (far <= value ? "reached" : "MISSED") sprintf("  %.2f of what is allowed", far)
    }
    if (rule[t] == "ratio") {
        if (peer + 0 <= 0) return "not measured"
        far = ours / peer / value
        return (far <= 1 ? "reached" : "MISSED") sprintf("  %.2f of what is allowed", far)
    }
    far = rule[t] == "above" ? ours - peer - value : rule[t] == "least" ? ours - value : value - ours
    return (far >= 0 ? "reached" : "MISSED") sprintf("  by %.4g", far < 0 ? -far : far)
}
function line(t, recording, ours, peer, verdict,   goal) {
    if (rule[t] == "row") goal = field("metric") " limit"
    else goal = (rule[t] == "ratio" ? "<= " limit[t] " x " : rule[t] == "above" ? ">= " limit[t] " + " : rule[t] == "least" ? ">= " : "<= ") \
        (rule[t] ~ /ratio|above/ ? against[t] : limit[t])
    text[t] = text[t] sprintf("%-28s %-22s %11s  %-34s %11s  %s\n", what[t], recording, ours, goal, peer, verdict)
}
FNR == NR {
    if ($0 ~ /^#/ || $0 ~ /^[ \t]*$/) next
    split($0, part, "|")
    n++
    what[n] = trim(part[1]); bench[n] = trim(part[2]); metric[n] = trim(part[3]); against[n] = trim(part[4])
    recordings[n] = trim(part[5]); rule[n] = trim(part[6]); limit[n] = trim(part[7])
    next
}
/"bench"/ {
    chosen = rank = 0
    # The limits of one metric against one peer: what names the recording goes before what means all of its kind.
    for (t = 1; t <= n; t++) {
        if (bench[t] != field("bench") || (metric[t] != field("metric") && metric[t] != "*") || against[t] != field("peer")) continue
        m = meant(recordings[t], field("recording"))
        if (m > rank) { rank = m; chosen = t }
    }
    if (!chosen) next
    verdict = judge(chosen)
    if (verdict == "") next
    seen[chosen] = 1
    count[substr(verdict, 1, 7)]++
    key = field("bench") "/" field("recording") "/" field("metric") "/" field("peer")
    if (key in told) next
    told[key] = 1
    line(chosen, field("recording"), field("ours"), field("peer_value"), verdict)
}
BEGIN { printf "%-28s %-22s %11s  %-34s %11s  %s\n", "target", "recording", "ours", "is to be", "peer's", "" }
END {
    for (t = 1; t <= n; t++)
        if (seen[t]) same[what[t] metric[t] against[t]] = 1 # of another recording: such ones are not in this folder
    for (t = 1; t <= n; t++)
        if (!same[what[t] metric[t] against[t]]) line(t, recordings[t], "", "", "no row")
    for (t = 1; t <= n; t++) printf "%s", text[t]
    printf "targets: %d reached, %d missed, %d not measured\n", count["reached"], count["MISSED "], count["not mea"]
}
