package postgres

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/freiton/freiton/campaign/store"
)

// Insert implements store.Tx: all rows are one statement and one journey, each
// column of them one array. COPY would not do: it knows no ON CONFLICT.
func (t *tx) Insert(into, end string, rows [][]any) (added int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	names, args := make([]string, len(rows[0])), make([]any, len(rows[0]))
	plain := make([][]any, len(rows))
	for i, row := range rows {
		if plain[i], err = values(row); err != nil {
			return 0, err
		}
	}
	for c := range args {
		kind, column, err := columnOf(plain, c)
		if err != nil {
			return 0, err
		}
		names[c], args[c] = "$"+strconv.Itoa(c+1)+"::"+kind+"[]", column
	}
	todo := &pgx.Batch{}
	t.queue(todo, into+` SELECT * FROM unnest(`+strings.Join(names, ", ")+`) `+end, args)
	err = t.send(todo, []store.Statement{{Changed: &added}})
	return added, err
}

// columnOf is a column of rows as an array, and the type of what is in it.
func columnOf(rows [][]any, c int) (kind string, column any, err error) {
	var numbers []*int64
	var texts []*string
	for _, row := range rows {
		switch v := row[c].(type) {
		case int64:
			numbers = append(numbers, &v)
		case string:
			texts = append(texts, &v)
		case nil:
			numbers, texts = append(numbers, nil), append(texts, nil)
		default:
			return "", nil, fmt.Errorf("column %d: %T is neither number nor text", c+1, v)
		}
	}
	switch len(rows) {
	case len(numbers):
		return "bigint", numbers, nil
	case len(texts):
		return "text", texts, nil
	}
	return "", nil, fmt.Errorf("column %d holds numbers and texts", c+1)
}
