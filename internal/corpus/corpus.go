// Package corpus collects the configuration files of tests, so that a test of another module can read all of them. It is for
// tests only.
package corpus

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Variable is the environment variable that names the directory of the collection. If it is unset, [Add] does nothing. It
// does not begin with SPANROUTE_, because such a variable is a setting.
const Variable = "GOTEST_CORPUS"

// maxText bounds the collected texts: larger ones test limits.
const maxText = 64 << 10

// A Case is a configuration file with the environment that it is read in, as NAME=value.
type Case struct {
	Test    string
	Text    []byte // not always valid UTF-8
	Environ []string
}

// Add adds a case to the collection.
func Add(t testing.TB, text string, environ ...string) {
	dir := os.Getenv(Variable)
	if dir == "" || len(text) > maxText {
		return
	}
	t.Helper()
	data, err := json.Marshal(Case{t.Name(), []byte(text), environ})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%x.json", sha256.Sum256(data))), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Read returns the cases of a collection.
func Read(dir string) (cases []Case, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var c Case
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}
