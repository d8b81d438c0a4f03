package report

import "strings"

type Line struct {
	Team, Who string
	Hours     int
}

type builder struct {
	byTeam map[string][]Line
	total  map[string]int
}

func (b *builder) add(l Line) {
	b.byTeam[l.Team] = append(b.byTeam[l.Team], l)
	b.total[l.Who] += l.Hours
}

// Build makes one report.
func Build(text string) (map[string][]Line, map[string]int) {
	b := &builder{byTeam: map[string][]Line{}, total: map[string]int{}}
	for _, line := range strings.Split(text, "\n") {
		parts := strings.Fields(line)
		if len(parts) == 3 {
			b.add(Line{parts[0], parts[1], len(parts[2])})
		}
	}
	return b.byTeam, b.total
}

func Words(text string) map[string]int {
	words := make(map[string]int)
	for _, w := range strings.Fields(text) {
		words[w]++
	}
	return words
}
