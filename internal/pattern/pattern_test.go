package pattern_test

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/pattern"
	"github.com/spanroute/spanroute/internal/phrase"
)

func whole(alternatives ...string) *regexp.Regexp {
	return regexp.MustCompile(pattern.Whole(alternatives...))
}

func TestBetween(t *testing.T) {
	for _, tt := range []struct{ lo, hi uint64 }{
		{0, 0}, {0, 9}, {0, 10}, {1, 65535}, {512, 65000}, {99, 101}, {7, 7}, {100, 199}, {10, 99}, {19, 80}, {0, 4294967295},
	} {
		re := whole(pattern.Between(tt.lo, tt.hi))
		for _, around := range []uint64{0, tt.lo, tt.hi, (tt.lo + tt.hi) / 2, 50, 500, 5000} {
			for n := max(around, 120) - 120; n <= around+120; n++ {
				if got, want := re.MatchString(strconv.FormatUint(n, 10)), n >= tt.lo && n <= tt.hi; got != want {
					t.Errorf("%d to %d: %d is %t, want %t in %s", tt.lo, tt.hi, n, got, want, re)
				}
			}
		}
		for _, text := range []string{"", "00", "01", "1.0", "+1", "-1", "x"} {
			if re.MatchString(text) {
				t.Errorf("%d to %d contains %q", tt.lo, tt.hi, text)
			}
		}
	}
}

func FuzzBetween(f *testing.F) {
	f.Add(uint64(1), uint64(65535), uint64(65536))
	f.Fuzz(func(t *testing.T, lo, hi, n uint64) {
		if lo > hi {
			return
		}
		if got, want := whole(pattern.Between(lo, hi)).MatchString(strconv.FormatUint(n, 10)), n >= lo && n <= hi; got != want {
			t.Errorf("%d to %d: %d is %t, want %t", lo, hi, n, got, want)
		}
	})
}

func TestAnyCase(t *testing.T) {
	re := whole(pattern.AnyCase("http/protobuf", "udp/thrift.compact"))
	for text, want := range map[string]bool{
		"http/protobuf": true, "HTTP/Protobuf": true, "UDP/thrift.COMPACT": true, "udp/thriftXcompact": false, "http": false, "": false,
	} {
		if got := re.MatchString(text); got != want {
			t.Errorf("%q is %t, want %t", text, got, want)
		}
	}
}

func TestList(t *testing.T) {
	re := whole(pattern.List("a+"))
	for text, want := range map[string]bool{
		"": true, "a": true, " a , aa ": true, "a,,a,": true, ",": true, "b": false, "a a": false, "a,b": false,
	} {
		if got := re.MatchString(text); got != want {
			t.Errorf("%q is %t, want %t", text, got, want)
		}
	}
}

// Texts that one edit turns into the word are those that package phrase finds.
func TestOneEdit(t *testing.T) {
	const word = "tracing"
	re := whole(pattern.OneEdit(word))
	texts := []string{word, "Tracing", "TRACNIG", "training", "trace", "", "racingt"}
	for i := range len(word) + 1 {
		texts = append(texts, word[:i]+"x"+word[i:], word[:i]+word[min(i+1, len(word)):], word[:i]+"é"+word[min(i+1, len(word)):])
		for j := range i {
			texts = append(texts, word[:j]+word[min(j+1, len(word)):i]+"y"+word[i:], word[:j]+"Z"+word[j:i]+"z"+word[i:])
		}
	}
	for _, text := range texts {
		if got, want := re.MatchString(text), phrase.OneEdit(text, word); got != want {
			t.Errorf("%q is %t, want %t", text, got, want)
		}
	}
}

func FuzzOneEdit(f *testing.F) {
	re := whole(pattern.OneEdit("tracing"))
	for _, seed := range []string{"tracing", "tracng", "training", "rtacing"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return // . does not match a line break, and some letters have no case in ASCII
		}
		if got, want := re.MatchString(text), phrase.OneEdit(text, "tracing"); got != want {
			t.Errorf("%q is %t, want %t", text, got, want)
		}
	})
}

var addresses = []string{
	"1.2.3.4", "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5",
	"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "1:2::7:8", "1:2:3:4:5:6:7:8:9", "1::2::3",
	"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4", "12345::", ":1", "1:", ":::", "g::", "2001:db8::c001",
	"1:2:3:4::5:6:7:8", "1:2:3:4:5::7:8", "fe80::1%eth0", "", "x",
}

func TestAddresses(t *testing.T) {
	v4, v6 := whole(pattern.IPv4), whole(pattern.IPv6)
	for _, text := range addresses {
		addr, err := netip.ParseAddr(text)
		want := err == nil && addr.Zone() == ""
		if got := v4.MatchString(text); got != (want && addr.Is4()) {
			t.Errorf("%q is %t, want %t", text, got, !got)
		}
		if got := v6.MatchString(text); got != (want && !addr.Is4()) {
			t.Errorf("%q is %t, want %t", text, got, !got)
		}
	}
}

func FuzzAddresses(f *testing.F) {
	v4, v6, network := whole(pattern.IPv4), whole(pattern.IPv6), whole(pattern.Network)
	for _, seed := range append([]string{"10.0.0.0/8", "::/128", "10.0.0.0/33", "1::/129", "1.2.3.4/08"}, addresses...) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := netip.ParseAddr(text)
		if v4.MatchString(text) != (err == nil && addr.Is4()) {
			t.Errorf("%q: %v", text, err)
		}
		if v6.MatchString(text) && (err != nil || addr.Is4()) {
			t.Errorf("%q: %v", text, err)
		}
		if network.MatchString(text) && err != nil {
			if _, err := netip.ParsePrefix(text); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
