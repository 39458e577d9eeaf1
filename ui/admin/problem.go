package admin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui/i18n"
)

// report puts each problem at its field, and all of them into the summary in the order of the form.
func (p *casePage) report(problems protocol.Problems, d *store.Draft, refused []refusedFile) {
	at := map[string]*field{}
	order := map[*field]int{}
	var index func(list []*field)
	index = func(list []*field) {
		for _, x := range list {
			if x.Kind != "hidden" && at[x.Path] == nil {
				at[x.Path] = x
				order[x] = len(order)
			}
			index(x.Parts)
		}
	}
	index(p.Sections)
	type found struct {
		*field
		text string
	}
	var all []found
	for _, problem := range problems {
		x, path := at[problem.Field], problem.Field
		for x == nil { // the nearest field or group around it
			i := strings.LastIndexByte(path, '.')
			if i < 0 {
				x = at["case"]
				break
			}
			path = path[:i]
			x = at[path]
		}
		text := p.T(messageOf(problem, d), "max", problem.Max)
		if !slices.Contains(x.Wrong, text) {
			x.Wrong = append(x.Wrong, text)
			all = append(all, found{x, text})
		}
	}
	for _, r := range refused {
		x := at["upload"]
		text := p.T("admin.refused", "file", i18n.IsolateAuto(r.Name), "problem", p.T("invalid."+r.Code, "max", r.Max))
		x.Wrong = append(x.Wrong, text)
		all = append(all, found{x, text})
	}
	slices.SortStableFunc(all, func(a, b found) int { return order[a.field] - order[b.field] })
	for _, f := range all {
		p.Problems = append(p.Problems, shownProblem{To: f.first(), Where: f.Where, Label: f.Label, Text: f.text})
	}
}

// first returns the path of the first field of a group that can be filled in, or of the group.
func (x *field) first() string {
	for _, part := range x.Parts {
		if part.Kind == "hidden" {
			continue
		}
		if len(part.Parts) > 0 && part.Kind == "group" {
			return part.first()
		}
		return part.Path
	}
	return x.Path
}

// messageOf returns the key of the sentence for a problem. Two codes mean something narrower at a photo.
func messageOf(p protocol.Problem, d *store.Draft) string {
	if rest, ok := strings.CutPrefix(p.Field, "photos."); ok {
		i, err := strconv.Atoi(rest)
		switch {
		case p.Code == "nochild":
			return "invalid.who"
		case p.Code == "photo" && err == nil && i < len(d.Photos) && d.Photos[i].Kind == protocol.AgeProgressed:
			return "invalid.original"
		}
	}
	return "invalid." + p.Code
}
