package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// The small rules of docs/architecture.md that can be read off the code: no
// init, package variables that nobody writes to, and tests that neither sleep
// (but in a bubble, whose clock is its own) nor are skipped.
func TestSmallRules(t *testing.T) {
	files, packages, variables := token.NewFileSet(), map[string][]*ast.File{}, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		p := filepath.Dir(path) + " " + f.Name.Name
		packages[p] = append(packages[p], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		r := smallRules{files: files, variables: map[string]bool{}, fail: t.Errorf}
		for _, f := range p {
			r.declared(f)
		}
		variables += len(r.variables)
		for _, f := range p {
			r.check(f)
		}
	}
	if variables < 20 {
		t.Errorf("only %d package variables were looked at", variables)
	}
}

// smallRules are those of one package.
type smallRules struct {
	files     *token.FileSet
	variables map[string]bool // its own
	bubbles   bool            // some test of it has one
	fail      func(format string, args ...any)
}

func (r *smallRules) declared(f *ast.File) {
	for _, i := range f.Imports {
		r.bubbles = r.bubbles || i.Path.Value == `"testing/synctest"`
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			for _, name := range s.(*ast.ValueSpec).Names {
				r.variables[name.Name] = name.Name != "_"
			}
		}
	}
}

func (r *smallRules) check(f *ast.File) {
	test := strings.HasSuffix(r.files.File(f.Pos()).Name(), "_test.go")
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if fn.Recv == nil && fn.Name.Name == "init" {
			r.fail("%s: an init", r.files.Position(fn.Pos()))
		}
		if fn.Body != nil {
			r.body(fn, test)
		}
	}
}

// body reads a function. A name that it declares itself is no package variable.
func (r *smallRules) body(fn *ast.FuncDecl, test bool) {
	own := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				own[name.Name] = true
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				own[name.Name] = true
			}
		case *ast.AssignStmt:
			for _, to := range n.Lhs {
				if name, ok := to.(*ast.Ident); ok && n.Tok == token.DEFINE {
					own[name.Name] = true
				}
				r.written(to, own)
			}
		case *ast.RangeStmt:
			for _, to := range []ast.Expr{n.Key, n.Value} {
				if name, ok := to.(*ast.Ident); ok && n.Tok == token.DEFINE {
					own[name.Name] = true
				}
			}
		case *ast.IncDecStmt:
			r.written(n.X, own)
		case *ast.CallExpr:
			r.call(n, test)
		}
		return true
	})
}

// written: a package variable, or an element or field of one, is none any more
// that nobody writes to.
func (r *smallRules) written(to ast.Expr, own map[string]bool) {
	for {
		switch x := to.(type) {
		case *ast.IndexExpr:
			to = x.X
		case *ast.SelectorExpr:
			to = x.X
		case *ast.StarExpr:
			to = x.X
		case *ast.Ident:
			if r.variables[x.Name] && !own[x.Name] {
				r.fail("%s: the package variable %s is written to", r.files.Position(x.Pos()), x.Name)
			}
			return
		default:
			return
		}
	}
}

func (r *smallRules) call(c *ast.CallExpr, test bool) {
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || !test {
		return
	}
	on, _ := s.X.(*ast.Ident)
	switch {
	case strings.HasPrefix(s.Sel.Name, "Skip") && on != nil && (on.Name == "t" || on.Name == "b" || on.Name == "f"):
		r.fail("%s: a test is skipped; it fails where a tool is missing, and says so", r.files.Position(c.Pos()))
	case s.Sel.Name == "Sleep" && on != nil && on.Name == "time" && !r.bubbles:
		r.fail("%s: a test sleeps; it waits for what it waits for", r.files.Position(c.Pos()))
	}
}
