package spool_test

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spanroute/spanroute/internal/spool"
)

// A disk is a simulated file system with the faults of real ones. A crash of the machine forgets writes that were not
// synced: all, some, or a part of one.
type disk struct {
	mu    sync.Mutex
	rand  *rand.Rand
	files map[string]*memFile // by path
	locks map[string]bool
	room  int64 // bytes that may still be written to new places; -1: unlimited
	fail  error // of the next operation that writes
	reads int
}

type memFile struct {
	data    []byte
	durable []byte
	pending []write // since the last sync
	changed time.Time
}

type write struct {
	at   int64
	data []byte
}

func newDisk(seed uint64) *disk {
	return &disk{rand: rand.New(rand.NewPCG(seed, 1)), files: map[string]*memFile{}, locks: map[string]bool{}, room: -1}
}

func (d *disk) root() spool.Dir { return memDir{d, ""} }

// crash is the death of the machine.
func (d *disk) crash() {
	d.locks = map[string]bool{}
	for _, f := range d.files {
		data := slices.Clone(f.durable)
		for _, w := range f.pending {
			switch d.rand.IntN(3) {
			case 0: // lost
			case 1:
				data = writeAt(data, w.data, w.at)
			case 2: // torn
				data = writeAt(data, w.data[:d.rand.IntN(len(w.data)+1)], w.at)
			}
		}
		f.data, f.durable, f.pending = data, slices.Clone(data), nil
	}
}

func writeAt(data, b []byte, at int64) []byte {
	if grow := int(at) + len(b) - len(data); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[at:], b)
	return data
}

func (d *disk) failure() error {
	err := d.fail
	d.fail = nil
	return err
}

type memDir struct {
	d    *disk
	path string
}

func (m memDir) Sub(name string) (spool.Dir, error) { return memDir{m.d, m.path + name + "/"}, nil }

func (m memDir) List() ([]string, error) {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	names := map[string]bool{}
	for path := range m.d.files {
		if rest, ok := strings.CutPrefix(path, m.path); ok {
			name, _, _ := strings.Cut(rest, "/")
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

func (m memDir) Create(name string) (spool.File, error) {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	if m.d.files[m.path+name] != nil {
		return nil, fs.ErrExist
	}
	if err := m.d.failure(); err != nil {
		return nil, err
	}
	f := &memFile{}
	m.d.files[m.path+name] = f
	return memHandle{m.d, f}, nil
}

func (m memDir) Open(name string) (spool.File, error) {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	f := m.d.files[m.path+name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return memHandle{m.d, f}, nil
}

func (m memDir) ModTime(name string) (time.Time, error) {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	if f := m.d.files[m.path+name]; f != nil {
		return f.changed, nil
	}
	return time.Time{}, fs.ErrNotExist
}

func (m memDir) Rename(from, to string) error {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	f := m.d.files[m.path+from]
	if f == nil {
		return fs.ErrNotExist
	}
	delete(m.d.files, m.path+from)
	m.d.files[m.path+to] = f
	return nil
}

func (m memDir) Remove(name string) error {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	f := m.d.files[m.path+name]
	if f == nil {
		return fs.ErrNotExist
	}
	if m.d.room >= 0 {
		m.d.room += int64(len(f.data))
	}
	delete(m.d.files, m.path+name)
	return nil
}

func (m memDir) Lock(name string) (func() error, error) {
	m.d.mu.Lock()
	defer m.d.mu.Unlock()
	path := m.path + name
	if m.d.locks[path] {
		return nil, spool.ErrLocked
	}
	if m.d.files[path] == nil {
		m.d.files[path] = &memFile{}
	}
	m.d.locks[path] = true
	return func() error {
		m.d.mu.Lock()
		defer m.d.mu.Unlock()
		delete(m.d.locks, path)
		return nil
	}, nil
}

func (m memDir) Sync() error  { return nil }
func (m memDir) Close() error { return nil }

type memHandle struct {
	d *disk
	f *memFile
}

func (h memHandle) ReadAt(p []byte, at int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.d.reads++
	if at >= int64(len(h.f.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.f.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h memHandle) WriteAt(p []byte, at int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if err := h.d.failure(); err != nil {
		n := h.d.rand.IntN(len(p) + 1)
		h.write(p[:n], at)
		return n, err
	}
	if grow := at + int64(len(p)) - int64(len(h.f.data)); h.d.room >= 0 && grow > 0 {
		if grow > h.d.room {
			return 0, syscall.ENOSPC
		}
		h.d.room -= grow
	}
	h.write(p, at)
	return len(p), nil
}

func (h memHandle) write(p []byte, at int64) {
	h.f.data = writeAt(h.f.data, p, at)
	h.f.pending = append(h.f.pending, write{at, slices.Clone(p)})
}

func (h memHandle) Size() (int64, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return int64(len(h.f.data)), nil
}

func (h memHandle) Truncate(size int64) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if size < int64(len(h.f.data)) {
		h.f.data = h.f.data[:size]
	}
	return nil
}

func (h memHandle) Sync() error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if err := h.d.failure(); err != nil {
		return err
	}
	h.f.durable, h.f.pending = slices.Clone(h.f.data), nil
	return nil
}

func (h memHandle) Close() error { return nil }

var errIO = errors.New("input/output error")
