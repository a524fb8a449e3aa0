package desk

import (
	"bytes"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// reference is a page to read the API by, made from its description. It loads
// nothing, from nobody.
func (d *Desk) reference() http.Handler {
	text, err := referencePage(d.api.OpenAPI())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err != nil {
			problem(http.StatusInternalServerError, CodeUnavailable, err.Error()).write(w)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text)
	})
}

type referenceOp struct {
	ID, Method, Path, Role, Summary, Description string
	Query                                        []string
	Body, Answer                                 []referenceField
}

type referenceField struct{ Name, Type, Doc string }

func referencePage(o *huma.OpenAPI) ([]byte, error) {
	var ops []referenceOp
	for _, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				ops = append(ops, describe(o, op))
			}
		}
	}
	slices.SortFunc(ops, func(a, b referenceOp) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	t, err := template.New("reference").Parse(referenceTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, ops)
	return out.Bytes(), err
}

func describe(o *huma.OpenAPI, op *huma.Operation) referenceOp {
	r := referenceOp{ID: op.OperationID, Method: op.Method, Path: op.Path, Role: "administrator", Summary: op.Summary, Description: op.Description}
	if role := strings.Join(op.Tags, " "); role != "" {
		r.Role = role
	}
	if open, _ := op.Metadata[publicMark].(bool); open {
		r.Role = "everybody"
	}
	if op.Metadata[placeMark] == "socket" {
		r.Role = "command line only"
	}
	for _, p := range op.Parameters {
		if p.In == "query" {
			r.Query = append(r.Query, p.Name)
		}
	}
	if op.RequestBody != nil {
		r.Body = fields(o, op.RequestBody.Content["application/json"])
	}
	if res := op.Responses["200"]; res != nil {
		r.Answer = fields(o, res.Content["application/json"])
	}
	return r
}

// fields are the properties of an object, or of the objects of a list.
func fields(o *huma.OpenAPI, m *huma.MediaType) (out []referenceField) {
	if m == nil || m.Schema == nil {
		return nil
	}
	s := resolve(o, m.Schema)
	if s.Type == "array" && s.Items != nil {
		s = resolve(o, s.Items)
	}
	for name, p := range s.Properties {
		out = append(out, referenceField{name, typeOf(p), p.Description})
	}
	slices.SortFunc(out, func(a, b referenceField) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func resolve(o *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		if to := o.Components.Schemas.SchemaFromRef(s.Ref); to != nil {
			return to
		}
	}
	return s
}

func typeOf(s *huma.Schema) string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Type == "array" && s.Items != nil:
		return typeOf(s.Items) + " list"
	case s.Format != "":
		return s.Format
	default:
		return s.Type
	}
}

const referenceTemplate = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Freiton API</title>
<h1>Freiton API</h1>
<p>The description for programs: <a href="/openapi.json">openapi.json</a>, <a href="/openapi.yaml">openapi.yaml</a>.
Log in with POST /api/v1/session; every command needs its csrf value in the header X-CSRF-Token, and may carry an
Idempotency-Key: the same key again does nothing and gives the same answer. Errors are problem+json with a code.</p>
<ul>{{range .}}
<li><a href="#{{.ID}}">{{.Method}} {{.Path}}</a> {{.Summary}}{{end}}
</ul>
{{range .}}
<h2 id="{{.ID}}">{{.Method}} {{.Path}}</h2>
<p>{{.Summary}}. For: {{.Role}}.</p>
{{with .Description}}<p>{{.}}</p>{{end}}
{{with .Query}}<p>Query: {{range .}}<code>{{.}}</code> {{end}}</p>{{end}}
{{with .Body}}<h3>Request</h3><dl>{{range .}}<dt><code>{{.Name}}</code> {{.Type}}</dt>{{with .Doc}}<dd>{{.}}</dd>{{end}}{{end}}</dl>{{end}}
{{with .Answer}}<h3>Answer</h3><dl>{{range .}}<dt><code>{{.Name}}</code> {{.Type}}</dt>{{with .Doc}}<dd>{{.}}</dd>{{end}}{{end}}</dl>{{end}}
{{end}}
`
