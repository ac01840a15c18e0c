package run

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// The elements of a JUnit report.
type (
	testSuite struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testCase `xml:"testcase"`
	}
	testCase struct {
		Class   string    `xml:"classname,attr"`
		Name    string    `xml:"name,attr"`
		Time    string    `xml:"time,attr"`
		Failure *failure  `xml:"failure"`
		Skipped *struct{} `xml:"skipped"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// report is the JUnit report: a case for each code cell.
func (r *run) report() ([]byte, error) {
	suite := testSuite{Name: r.options.Notebook}
	var total time.Duration
	for i, cell := range r.document.Notebook.Cells {
		if !cell.Runs() {
			continue
		}
		suite.Tests++
		c := testCase{Class: suite.Name, Name: fmt.Sprintf("%d %s", suite.Tests, r.document.Notebook.Title(i)), Time: "0.000"}
		done := r.results[i]
		switch {
		case done == nil:
			suite.Skipped++
			c.Skipped = &struct{}{}
		case done.failure != nil:
			suite.Failures++
			first, _, _ := strings.Cut(done.failure.Text, "\n")
			c.Failure = &failure{Message: first, Text: done.failure.Text}
		}
		if done != nil {
			c.Time = fmt.Sprintf("%.3f", done.took.Seconds())
			total += done.took
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", total.Seconds())
	content, err := xml.MarshalIndent(suite, "", " ")
	return append([]byte(xml.Header), append(content, '\n')...), err
}
