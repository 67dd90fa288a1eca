package jaeger

import (
	"encoding/binary"
	"net"
	"sync"
	"syscall"
)

// watch returns the socket on this host that reads what conn sends, or nil if conn leads to another host or
// the kernel does not answer questions about sockets.
func watch(conn net.Conn) receiver {
	from, to, ok := onThisHost(conn)
	if !ok {
		return nil
	}
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, netlinkSockDiag)
	if err != nil {
		return nil
	}
	return &diagnosed{fd: fd, request: diagRequest(from, to), answer: make([]byte, 1024)}
}

// diagnosed is a receiver whose state the kernel reports over netlink (sock_diag(7)), in a system call for the
// question and one for the answer. /proc/net/udp shows less, and lists every socket of the host.
type diagnosed struct {
	mu      sync.Mutex // close may come while a look is given up on
	fd      int        // -1: closed
	request []byte
	answer  []byte
	seq     uint32
}

// Of linux/sock_diag.h and linux/inet_diag.h.
const (
	netlinkSockDiag = 4
	diagByFamily    = 20 // type of the question and its answer
	diagMemory      = 7  // INET_DIAG_SKMEMINFO
	anyState        = 0xFFFF_FFFF
	noCookie        = 0xFFFF_FFFF

	diagQuestion = syscall.NLMSG_HDRLEN + 56 // nlmsghdr, inet_diag_req_v2
	diagAnswer   = syscall.NLMSG_HDRLEN + 72 // nlmsghdr, inet_diag_msg; attributes follow
)

// Indices in the memory attribute, which holds 32-bit numbers.
const (
	memoryUsed  = 0
	memorySize  = 1
	memoryDrops = 8
)

// diagRequest asks which socket gets a datagram with these addresses, and for its memory.
func diagRequest(from, to *net.UDPAddr) []byte {
	order := binary.NativeEndian
	b := make([]byte, diagQuestion)
	order.PutUint32(b, diagQuestion)
	order.PutUint16(b[4:], diagByFamily)
	order.PutUint16(b[6:], syscall.NLM_F_REQUEST)

	q := b[syscall.NLMSG_HDRLEN:]
	source, target := from.IP.To4(), to.IP.To4()
	q[0] = syscall.AF_INET
	if target == nil {
		q[0], source, target = syscall.AF_INET6, from.IP.To16(), to.IP.To16()
	}
	q[1], q[2] = syscall.IPPROTO_UDP, 1<<(diagMemory-1)
	order.PutUint32(q[4:], anyState)
	binary.BigEndian.PutUint16(q[8:], uint16(from.Port))
	binary.BigEndian.PutUint16(q[10:], uint16(to.Port))
	copy(q[12:28], source)
	copy(q[28:44], target)
	order.PutUint32(q[48:], noCookie)
	order.PutUint32(q[52:], noCookie)
	return b
}

func (d *diagnosed) look() (receiveBuffer, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd < 0 {
		return receiveBuffer{}, false
	}
	d.seq++
	binary.NativeEndian.PutUint32(d.request[8:], d.seq)
	if err := syscall.Sendto(d.fd, d.request, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return receiveBuffer{}, false
	}
	n, _, err := syscall.Recvfrom(d.fd, d.answer, syscall.MSG_DONTWAIT)
	if err != nil || n < diagAnswer {
		return receiveBuffer{}, false
	}
	return memoryOf(d.answer[:n], d.seq)
}

// memoryOf finds the memory attribute in the answer to question seq.
func memoryOf(answer []byte, seq uint32) (receiveBuffer, bool) {
	order := binary.NativeEndian
	if order.Uint16(answer[4:]) != diagByFamily || order.Uint32(answer[8:]) != seq {
		return receiveBuffer{}, false
	}
	for rest := answer[diagAnswer:]; len(rest) >= syscall.SizeofRtAttr; {
		size, kind := int(order.Uint16(rest)), order.Uint16(rest[2:])
		if size < syscall.SizeofRtAttr || size > len(rest) {
			break
		}
		value := rest[syscall.SizeofRtAttr:size]
		if kind == diagMemory && len(value) >= 4*(memoryDrops+1) {
			number := func(i int) uint32 { return order.Uint32(value[4*i:]) }
			return receiveBuffer{number(memoryUsed), number(memorySize), number(memoryDrops)}, true
		}
		rest = rest[min(len(rest), (size+3)&^3):]
	}
	return receiveBuffer{}, false
}

func (d *diagnosed) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = syscall.Close(d.fd)
	d.fd = -1
}
