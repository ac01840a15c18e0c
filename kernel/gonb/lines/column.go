package lines

// longest is how many tokens two lines have, multiplied, to be aligned.
const longest = 1_000_000

// column is where the byte column of a rewritten line is in the line that the user
// wrote: rewriting mostly puts something between the user's own tokens.
func column(rewritten, written string, col int) int {
	if rewritten == written {
		return col
	}
	a, b := words(rewritten), words(written)
	if len(a)*len(b) > longest {
		return min(col, len(written)+1)
	}
	same := align(a, b)
	for i, w := range a {
		if j := same[i]; j >= 0 && w.To >= col {
			return b[j].From + 1 + max(0, min(col-1-w.From, b[j].To-b[j].From))
		}
	}
	return len(written) + 1
}

// align finds for each token of a the one of b that it is, or -1: the longest
// common subsequence, as far to the end as possible.
func align(a, b []word) []int {
	length := make([][]int, len(a)+1) // of that of a[:i] and b[:j]
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i].Text == b[j].Text {
				length[i+1][j+1] = length[i][j] + 1
			} else {
				length[i+1][j+1] = max(length[i][j+1], length[i+1][j])
			}
		}
	}
	same := make([]int, len(a))
	for i := range same {
		same[i] = -1
	}
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1].Text == b[j-1].Text:
			i, j = i-1, j-1
			same[i] = j
		case length[i-1][j] >= length[i][j-1]:
			i--
		default:
			j--
		}
	}
	return same
}
