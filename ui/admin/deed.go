package admin

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// deed is what a button of the form does once the draft is saved.
type deed string

// action reads the name of a button: "remove-child.2".
func action(s string) (deed, int) {
	name, number, _ := strings.Cut(s, ".")
	index, err := strconv.Atoi(number)
	if err != nil {
		index = -1
	}
	if name == "" {
		name = "save"
	}
	return deed(name), index
}

// change does what the button does to the draft itself. What would lose something that was entered is left for a page
// that asks first; then it returns true.
func (do deed) change(d *store.Draft, f *form, i int) (ask bool) {
	switch {
	case do == "add-child" && len(d.Case.Children) < mostSent:
		d.Case.Children = append(d.Case.Children, protocol.Child{})
	case do == "add-companion" && len(d.Case.Companions) < mostSent:
		d.Case.Companions = append(d.Case.Companions, protocol.Companion{})
	case do == "remove-child" && i >= 0 && i < len(d.Case.Children):
		if !blank(d, f, "child", i) {
			return true
		}
		remove(d, f, "child", i)
	case do == "remove-companion" && i >= 0 && i < len(d.Case.Companions):
		if !blank(d, f, "companion", i) {
			return true
		}
		remove(d, f, "companion", i)
	case do == "remove-photo" && i >= 0 && i < len(d.Photos):
		d.Photos = slices.Delete(d.Photos, i, i+1)
		f.drop("photos", i)
	case do == "main-photo" && i > 0 && i < len(d.Photos):
		main := d.Photos[i]
		d.Photos = slices.Insert(slices.Delete(d.Photos, i, i+1), 0, main)
		f.renumber("photos", func(j int) (int, bool) {
			switch {
			case j == i:
				return 0, true
			case j < i:
				return j + 1, true
			}
			return j, true
		})
	}
	return false
}

// blank says whether nothing was entered about a child or companion.
func blank(d *store.Draft, f *form, part string, i int) bool {
	prefix, empty := "children."+strconv.Itoa(i)+".", any(protocol.Child{})
	is := any(nil)
	if part == "child" {
		is = d.Case.Children[i]
		if i < len(d.Members.Children) && !same(&store.Draft{Members: protocol.Members{Children: d.Members.Children[i : i+1]}},
			&store.Draft{Members: protocol.Members{Children: make([]protocol.MemberChild, 1)}}) {
			return false
		}
	} else {
		prefix, empty, is = "companions."+strconv.Itoa(i)+".", protocol.Companion{}, d.Case.Companions[i]
	}
	for path := range f.kept {
		if strings.HasPrefix(path, prefix) || strings.HasPrefix(path, "members."+prefix) {
			return false
		}
	}
	for _, p := range d.Photos {
		if int(p.Who) == i && (p.Kind == protocol.CompanionShot) == (part == "companion") {
			return false
		}
	}
	a, errA := json.Marshal(is)
	b, errB := json.Marshal(empty)
	return errA == nil && errB == nil && string(a) == string(b)
}

// remove takes a child or companion out of the draft, with the photos of that person: a photo must never pass to
// somebody else.
func remove(d *store.Draft, f *form, part string, i int) {
	companion := part == "companion"
	if companion {
		d.Case.Companions = slices.Delete(d.Case.Companions, i, i+1)
		f.drop("companions", i)
	} else {
		d.Case.Children = slices.Delete(d.Case.Children, i, i+1)
		f.drop("children", i)
		if i < len(d.Members.Children) {
			d.Members.Children = slices.Delete(d.Members.Children, i, i+1)
		}
		f.drop("members.children", i)
	}
	for j := len(d.Photos) - 1; j >= 0; j-- {
		p := &d.Photos[j]
		switch {
		case (p.Kind == protocol.CompanionShot) != companion:
		case int(p.Who) == i:
			d.Photos = slices.Delete(d.Photos, j, j+1)
			f.drop("photos", j)
		case int(p.Who) > i:
			p.Who--
		}
	}
}

// drop forgets what could not be read about the i-th of a list, and moves up the rest.
func (f *form) drop(list string, i int) {
	f.renumber(list, func(j int) (int, bool) {
		if j > i {
			return j - 1, true
		}
		return j, j < i
	})
}

// renumber moves what could not be read to the numbers that its children, companions or photos have now.
func (f *form) renumber(list string, to func(int) (int, bool)) {
	renumber(f.kept, list, to)
	var bad protocol.Problems
	for _, p := range f.bad {
		if path, ok := renumbered(p.Field, list, to); ok {
			p.Field = path
			bad = append(bad, p)
		}
	}
	f.bad = bad
}

// renumber renames the keys "list.NUMBER.rest" of a map; to says the new number, and whether there is one.
func renumber[T any](m map[string]T, list string, to func(int) (int, bool)) {
	moved := map[string]T{}
	for key, v := range m {
		if path, ok := renumbered(key, list, to); path != key || !ok {
			delete(m, key)
			if ok {
				moved[path] = v
			}
		}
	}
	maps.Copy(m, moved)
}

func renumbered(path, list string, to func(int) (int, bool)) (string, bool) {
	rest, ok := strings.CutPrefix(path, list+".")
	if !ok {
		return path, true
	}
	number, _, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	if err != nil {
		return path, true
	}
	i, ok = to(i)
	return list + "." + strconv.Itoa(i) + strings.TrimPrefix(rest, number), ok
}
