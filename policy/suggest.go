package policy

// maxSuggestions is among how many names a suggestion is looked for; a document
// of faults in a directory of everybody would take minutes otherwise.
const maxSuggestions = 2000

// closest returns the name of names that is nearest to got, if it is near
// enough to be a slip of the hand; else "". Of several equally near the first
// wins, so that the result does not hang on anything else.
func closest(got string, names []string) string {
	if len(got) < 3 || len(got) > 64 || len(names) > maxSuggestions {
		return ""
	}
	best, bestDist := "", len(got)/3+1
	if bestDist > 3 {
		bestDist = 3
	}
	for _, n := range names {
		if n == got || len(n) > 64 {
			continue
		}
		if d := editDistance(got, n, bestDist); d < bestDist || d == bestDist && best == "" {
			best, bestDist = n, d
		}
	}
	return best
}

// editDistance is the optimal string alignment distance of a and b (insert,
// delete, replace, swap of neighbours), or anything above limit when it is
// above limit. Bytes are compared: names are ASCII nearly always.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	var rows [3][65]int
	before, prev, cur := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			cur[j] = d
			low = min(low, d)
		}
		if low > limit {
			return limit + 1
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
