// Package spooltest simulates the disk under a spool, with the faults of real ones.
package spooltest

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

// A Disk is a simulated file system. It is safe for concurrent use.
//
// How it works. Files are byte slices. Each keeps what was written since its last Sync, so that Crash, the death of the
// machine, can forget some writes and tear others. A Process is a view of the disk by one process: after Kill its operations
// fail without an effect, and its locks are free.
type Disk struct {
	mu    sync.Mutex
	rand  *rand.Rand
	files map[string]*file    // by path
	locks map[string]*Process // by path
	room  int64               // bytes that may still be written to new places; -1: unlimited
	fail  error               // of the operation that writes after skip others
	skip  int
	reads int
}

type file struct {
	data    []byte
	durable []byte
	pending []write // since the last sync
	changed time.Time
}

type write struct {
	at   int64
	data []byte
}

// NewDisk returns an empty disk whose faults are those of the seed.
func NewDisk(seed uint64) *Disk {
	return &Disk{rand: rand.New(rand.NewPCG(seed, 1)), files: map[string]*file{}, locks: map[string]*Process{}, room: -1}
}

// SetRoom sets how many bytes may be written to new places; -1 means any number.
func (d *Disk) SetRoom(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = bytes
}

// FailNext makes an operation that writes fail with err: the next one, or a later one if skip is not 0. A write may be torn.
// A nil err ends this.
func (d *Disk) FailNext(err error, skip int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail, d.skip = err, skip
}

// Reads returns the number of reads until now.
func (d *Disk) Reads() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reads
}

// Read returns the content of a file.
func (d *Disk) Read(path string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.files[path].data)
}

// Write replaces the content of a file.
func (d *Disk) Write(path string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[path] = &file{data: data, durable: slices.Clone(data), changed: time.Now()}
}

// Flip changes a bit of a file. It reports false if all files are empty.
func (d *Disk) Flip() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	paths := slices.Sorted(maps.Keys(d.files))
	paths = slices.DeleteFunc(paths, func(path string) bool { return len(d.files[path].data) == 0 })
	if len(paths) == 0 {
		return false
	}
	f := d.files[paths[d.rand.IntN(len(paths))]]
	f.data[d.rand.IntN(len(f.data))] ^= 1 << d.rand.IntN(8)
	return true
}

// Crash is the death of the machine: of its processes, and of what was not synced.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.locks {
		p.dead = true
	}
	clear(d.locks)
	for _, path := range slices.Sorted(maps.Keys(d.files)) {
		d.files[path].crash(d.rand)
	}
}

// crash forgets or tears writes.
func (f *file) crash(random *rand.Rand) {
	data := slices.Clone(f.durable)
	for _, w := range f.pending {
		switch random.IntN(3) {
		case 0: // lost
		case 1:
			data = writeAt(data, w.data, w.at)
		case 2: // torn
			data = writeAt(data, w.data[:random.IntN(len(w.data)+1)], w.at)
		}
	}
	f.data, f.durable, f.pending = data, slices.Clone(data), nil
}

// A Process is the view of a process.
type Process struct {
	d    *Disk
	dead bool
}

// Process returns the view of a new process.
func (d *Disk) Process() *Process { return &Process{d: d} }

// Root returns the root directory.
func (p *Process) Root() spool.Dir { return dir{p, ""} }

// Kill ends the process. Its locks are free, and later operations have no effect.
func (p *Process) Kill() {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	p.dead = true
	maps.DeleteFunc(p.d.locks, func(_ string, holder *Process) bool { return holder == p })
}

// ErrDead is the error of operations of a process that was killed.
var ErrDead = errors.New("the process is dead")

// do calls f with the lock of the disk.
func (p *Process) do(f func() error) error {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	if p.dead {
		return ErrDead
	}
	return f()
}

func writeAt(data, b []byte, at int64) []byte {
	if grow := int(at) + len(b) - len(data); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[at:], b)
	return data
}

// failure returns the error of this operation.
func (d *Disk) failure() error {
	if d.fail == nil || d.skip > 0 {
		d.skip--
		return nil
	}
	err := d.fail
	d.fail = nil
	return err
}

type dir struct {
	p    *Process
	path string
}

func (m dir) Sub(name string) (spool.Dir, error) { return dir{m.p, m.path + name + "/"}, nil }

func (m dir) List() (list []string, err error) {
	err = m.p.do(func() error {
		names := map[string]bool{}
		for path := range m.p.d.files {
			if rest, ok := strings.CutPrefix(path, m.path); ok {
				name, _, _ := strings.Cut(rest, "/")
				names[name] = true
			}
		}
		list = slices.Sorted(maps.Keys(names))
		return nil
	})
	return list, err
}

func (m dir) Create(name string) (spool.File, error) {
	f := &file{changed: time.Now()}
	err := m.p.do(func() error {
		if m.p.d.files[m.path+name] != nil {
			return fs.ErrExist
		}
		if err := m.p.d.failure(); err != nil {
			return err
		}
		m.p.d.files[m.path+name] = f
		return nil
	})
	return handle{m.p, f}, err
}

// find returns the file called name. The caller holds the lock of the disk.
func (m dir) find(name string) (*file, error) {
	if f := m.p.d.files[m.path+name]; f != nil {
		return f, nil
	}
	return nil, fs.ErrNotExist
}

func (m dir) Open(name string) (spool.File, error) {
	var f *file
	err := m.p.do(func() (err error) { f, err = m.find(name); return err })
	return handle{m.p, f}, err
}

func (m dir) ModTime(name string) (at time.Time, err error) {
	err = m.p.do(func() error {
		f, err := m.find(name)
		if err == nil {
			at = f.changed
		}
		return err
	})
	return at, err
}

func (m dir) Rename(from, to string) error {
	return m.p.do(func() error {
		f, err := m.find(from)
		if err == nil {
			delete(m.p.d.files, m.path+from)
			m.p.d.files[m.path+to] = f
		}
		return err
	})
}

func (m dir) Remove(name string) error {
	return m.p.do(func() error {
		f, err := m.find(name)
		if err != nil {
			return err
		}
		if m.p.d.room >= 0 {
			m.p.d.room += int64(len(f.data))
		}
		delete(m.p.d.files, m.path+name)
		return nil
	})
}

func (m dir) Lock(name string) (unlock func() error, err error) {
	path := m.path + name
	err = m.p.do(func() error {
		if m.p.d.locks[path] != nil {
			return spool.ErrLocked
		}
		if m.p.d.files[path] == nil {
			m.p.d.files[path] = new(file)
		}
		m.p.d.locks[path] = m.p
		return nil
	})
	return func() error {
		return m.p.do(func() error { delete(m.p.d.locks, path); return nil })
	}, err
}

func (m dir) Sync() error  { return m.p.do(func() error { return nil }) }
func (m dir) Close() error { return nil }

type handle struct {
	p *Process
	f *file
}

func (h handle) ReadAt(b []byte, at int64) (n int, err error) {
	err = h.p.do(func() error {
		h.p.d.reads++
		if at < int64(len(h.f.data)) {
			n = copy(b, h.f.data[at:])
		}
		if n < len(b) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

func (h handle) WriteAt(b []byte, at int64) (n int, err error) {
	err = h.p.do(func() error {
		d := h.p.d
		if err := d.failure(); err != nil {
			n = d.rand.IntN(len(b) + 1)
			h.write(b[:n], at)
			return err
		}
		if grow := at + int64(len(b)) - int64(len(h.f.data)); d.room >= 0 && grow > 0 {
			if grow > d.room {
				return syscall.ENOSPC
			}
			d.room -= grow
		}
		n = len(b)
		h.write(b, at)
		return nil
	})
	return n, err
}

func (h handle) write(b []byte, at int64) {
	h.f.data = writeAt(h.f.data, b, at)
	h.f.pending = append(h.f.pending, write{at, slices.Clone(b)})
	h.f.changed = time.Now()
}

func (h handle) Size() (size int64, err error) {
	err = h.p.do(func() error { size = int64(len(h.f.data)); return nil })
	return size, err
}

func (h handle) Truncate(size int64) error {
	return h.p.do(func() error {
		if size < int64(len(h.f.data)) {
			h.f.data = h.f.data[:size]
		}
		return nil
	})
}

func (h handle) Sync() error {
	return h.p.do(func() error {
		if err := h.p.d.failure(); err != nil {
			return err
		}
		h.f.durable, h.f.pending = slices.Clone(h.f.data), nil
		return nil
	})
}

func (h handle) Close() error { return nil }

// ErrIO is the error of a disk that fails.
var ErrIO = errors.New("input/output error")
