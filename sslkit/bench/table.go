package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A row is the records of one recipe with several seeds.
type row []Record

// rows groups records; their order is that of [Records].
func rows(records []Record) []row {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, compare)
	var all []row
	for _, r := range sorted {
		last := len(all) - 1
		if last >= 0 && ID(seedless(all[last].first())) == ID(seedless(r.Recipe)) {
			all[last] = append(all[last], r)
		} else {
			all = append(all, row{r})
		}
	}
	return all
}

func seedless(r recipe.Recipe) recipe.Recipe {
	r.Seed = 0
	return r
}

// mean is the mean and the standard deviation of a number of every record.
func (r row) mean(of func(Record) float64) (mean, sd float64) {
	n := float64(len(r))
	for _, record := range r {
		mean += of(record) / n
	}
	for _, record := range r {
		sd += (of(record) - mean) * (of(record) - mean)
	}
	return mean, math.Sqrt(sd / max(n-1, 1))
}

// Markdown is the table of records: a table for each data set and preset, and
// further ones for runs that are smaller than published, which are compared
// with nothing. Accuracies of several seeds are mean ± standard deviation.
func Markdown(records []Record) string {
	var text strings.Builder
	all := rows(records)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].title() == all[0].title() {
			n++
		}
		if text.Len() > 0 {
			text.WriteString("\n")
		}
		writeTable(&text, all[:n])
		all = all[n:]
	}
	return text.String()
}

// writeTable writes rows of the same title, and below them where they ran.
func writeTable(text *strings.Builder, rows []row) {
	fmt.Fprintf(text, "**%s**\n\n|", rows[0].title())
	shown := columns(rows)
	for _, c := range shown {
		fmt.Fprintf(text, " %s |", c.title)
	}
	text.WriteString("\n|")
	for i := range shown {
		text.WriteString(map[bool]string{true: "---|", false: "--:|"}[i == 0])
	}
	text.WriteString("\n")
	var places []string
	for _, r := range rows {
		text.WriteString("|")
		for _, c := range shown {
			fmt.Fprintf(text, " %s |", c.cell(r))
		}
		text.WriteString("\n")
		if place := r.place(); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	fmt.Fprintf(text, "\nRun on %s.\n", strings.Join(places, "; "))
}

// A column of a table.
type column struct {
	title string
	cell  func(row) string
}

// columns are those that rows of one title need: what was published stands
// beside runs that can be compared with it.
func columns(rows []row) []column {
	list := []column{
		{"method", func(r row) string { return r.first().Name }},
		{"batch", func(r row) string { return fmt.Sprint(r.first().Batch) }},
		{"epochs", func(r row) string { return fmt.Sprint(r.first().Epochs) }},
		{"runs", func(r row) string { return fmt.Sprint(len(r)) }},
		{"kNN untrained", accuracy(func(x Record) float64 { return x.Untrained() })},
		{"kNN best", accuracy(func(x Record) float64 { return x.Best })},
		{"kNN last", accuracy(func(x Record) float64 { return x.Final })},
	}
	list = append(list, further(rows)...)
	for _, accuracy := range Goals {
		if c, reached := timeTo(rows, accuracy); reached {
			list = append(list, c)
		}
	}
	minutes := column{"minutes", func(r row) string {
		mean, _ := r.mean(func(x Record) float64 { return x.Seconds() / 60 })
		return fmt.Sprintf("%.1f", mean)
	}}
	memory := column{"peak GiB", func(r row) string {
		mean, _ := r.mean(func(x Record) float64 { return float64(x.Memory.Peak) / (1 << 30) })
		return fmt.Sprintf("%.2f", mean)
	}}
	if scaled(rows[0].first()) != "" {
		return append(list, minutes, memory)
	}
	old, new := recipe.Seed2021, recipe.Lightly2023
	return append(list,
		column{"published 2021", func(r row) string { return number("%.3f", r.expected(old).KNN) }},
		column{"published 2023", func(r row) string { return number("%.3f", r.expected(new).KNN) }},
		column{"difference", row.difference},
		minutes,
		column{"published 2023", func(r row) string { return number("%.1f", r.expected(new).Minutes) }},
		memory,
		column{"published 2021", func(r row) string { return number("%.1f", r.expected(old).MemoryGiB) }},
		column{"published 2023", func(r row) string { return number("%.1f", r.expected(new).MemoryGiB) }},
	)
}

// further are the columns of what some of the runs have measured after their last epoch.
func further(rows []row) []column {
	var list []column
	for _, c := range []struct {
		title   string
		asked   func(recipe.Recipe) bool
		decimal int
		value   func(eval.Measured) float64
	}{
		{"best of several kNN", func(r recipe.Recipe) bool { return r.Measures.KNN.On() }, 3, func(m eval.Measured) float64 { return m.KNN.Best().Accuracy }},
		{"linear probe, crops", func(r recipe.Recipe) bool { return r.Measures.Linear.On() }, 3, func(m eval.Measured) float64 { return m.Linear }},
		{"RankMe", func(r recipe.Recipe) bool { return r.Measures.Ranks }, 1, func(m eval.Measured) float64 { return m.RankMe }},
		{"effective rank", func(r recipe.Recipe) bool { return r.Measures.Ranks }, 1, func(m eval.Measured) float64 { return m.EffectiveRank }},
	} {
		if !slices.ContainsFunc(rows, func(r row) bool { return c.asked(r.first()) }) {
			continue
		}
		list = append(list, column{c.title, spread(c.decimal, func(x Record) float64 {
			if x.Measured == nil {
				return 0
			}
			return c.value(*x.Measured)
		})})
	}
	if slices.ContainsFunc(rows, func(r row) bool { return r.first().Linear.On() }) {
		probe := column{"linear probe", accuracy(func(x Record) float64 { return x.Linear })}
		list = append([]column{probe}, list...)
	}
	return list
}

// timeTo is a column with the mean time to a kNN accuracy, if some run of the rows has
// reached it. How many of a row's runs have stands beside, unless all have.
func timeTo(rows []row, accuracy float64) (c column, reached bool) {
	for _, r := range rows {
		for i := range r {
			_, here := r[i].SecondsTo(accuracy)
			reached = reached || here
		}
	}
	return column{"seconds to " + goal(accuracy), func(r row) string {
		sum, n := 0.0, 0
		for i := range r {
			if seconds, ok := r[i].SecondsTo(accuracy); ok {
				sum, n = sum+seconds, n+1
			}
		}
		switch n {
		case 0:
			return "–"
		case len(r):
			return fmt.Sprintf("%.0f", sum/float64(n))
		}
		return fmt.Sprintf("%.0f (%d of %d)", sum/float64(n), n, len(r))
	}}, reached
}

// accuracy is a cell with an accuracy, and its spread over several seeds.
func accuracy(of func(Record) float64) func(row) string { return spread(3, of) }

// spread is a cell with a number, and its spread over several seeds.
func spread(decimals int, of func(Record) float64) func(row) string {
	return func(r row) string {
		mean, sd := r.mean(of)
		if len(r) == 1 {
			return number(fmt.Sprintf("%%.%df", decimals), mean)
		}
		return fmt.Sprintf("%.*f ± %.*f", decimals, mean, decimals, sd)
	}
}

func (r row) first() recipe.Recipe { return r[0].Recipe }

func (r row) title() string {
	what := r.first()
	title := fmt.Sprintf("%s, %s", titleOf(what.Data), what.Precision)
	if what.Preset != "" {
		title = fmt.Sprintf("%s, preset %s, %s", titleOf(what.Data), what.Preset, what.Precision)
	}
	if scaled := scaled(what); scaled != "" {
		return title + ", not as published: " + scaled
	}
	return title
}

// titleOf is a data set as tables call it.
func titleOf(name dataset.Name) string {
	data, _ := dataset.About(name)
	return data.Title
}

// difference is the best accuracy less what was published for the same preset.
func (r row) difference() string {
	expect := r.expected(r.first().Preset).KNN
	if expect == 0 {
		return "–"
	}
	mean, _ := r.mean(func(x Record) float64 { return x.Best })
	return fmt.Sprintf("%+.3f", mean-expect)
}

// place is what ran the row, and how its memory was counted.
func (r row) place() string {
	return fmt.Sprintf("%s, memory: %s, commit %s", r[0].Device, r[0].Memory.Source, r[0].Build)
}

// expected is what a preset's table says of the row.
func (r row) expected(preset recipe.Preset) recipe.Expect {
	what := r.first()
	row, err := recipe.Find(preset, what.Data, what.Name, what.Batch, what.Epochs)
	if err != nil {
		return recipe.Expect{}
	}
	return row.Expect
}

// number is a number, or a dash for what is not known.
func number(format string, v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// List is every published row of a data set, with what was published.
func List(recipes []recipe.Recipe) string {
	var text strings.Builder
	text.WriteString("| preset | method | batch | epochs | kNN | minutes | GiB | hardware |\n|---|---|--:|--:|--:|--:|--:|---|\n")
	for _, r := range recipes {
		e := r.Expect
		hardware := e.Hardware
		if hardware == "" {
			hardware = "–"
		}
		fmt.Fprintf(&text, "| %s | %s | %d | %d | %s | %s | %s | %s |\n", r.Preset, r.Name, r.Batch, r.Epochs,
			number("%.3f", e.KNN), number("%.1f", e.Minutes), number("%.1f", e.MemoryGiB), hardware)
	}
	return text.String()
}
