package gonb

import "strings"

// Nearest returns the word that somebody who wrote another one most likely meant;
// "" if none is near. Case counts little, and two letters in turn are one mistake.
func Nearest(written string, words []string) string {
	best, least := "", max(caseCosts-1, len(written)/3*caseCosts)+1
	for _, w := range words {
		d := distance(written, w, least+1)
		if d < least || d == least && best != "" && len(best) != len(written) && len(w) == len(written) {
			best, least = w, d
		}
	}
	return best
}

// caseCosts is how many wrong cases are as bad as a wrong letter.
const caseCosts = 4

// distance is the cost of edits that make one word of another, at most limit: for
// letters that are missing, too many, others, or in the wrong order.
func distance(a, b string, limit int) int {
	if n := len(a) - len(b); max(n, -n)*caseCosts >= limit {
		return limit
	}
	var before, last []int
	now := make([]int, len(b)+1)
	for j := range now {
		now[j] = j * caseCosts
	}
	for i := range len(a) {
		before, last, now = last, now, make([]int, len(b)+1)
		now[0] = (i + 1) * caseCosts
		for j := range len(b) {
			now[j+1] = min(last[j]+differ(a[i], b[j]), last[j+1]+caseCosts, now[j]+caseCosts)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], before[j-1]+caseCosts)
			}
		}
	}
	return min(now[len(b)], limit)
}

func differ(a, b byte) int {
	switch {
	case a == b:
		return 0
	case strings.EqualFold(string(rune(a)), string(rune(b))):
		return 1
	}
	return caseCosts
}
