package admin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/time/rate"
)

const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes; nobody types more, and hashing them is not free

	// RFC 9106, the second recommended choice: 64 MiB, three passes.
	argonMemory, argonTime, argonLanes = 64 << 10, 3, 4
	saltBytes, keyBytes                = 16, 32
)

// HashPassword returns the password as an argon2id hash in the PHC form, which Config takes. A password of fewer than
// twelve characters is refused.
func HashPassword(password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < minPassword {
		return "", fmt.Errorf("a password of %d characters: it needs at least %d; a few words that belong together only for you are good", n, minPassword)
	}
	if len(password) > maxPassword {
		return "", fmt.Errorf("a password of %d bytes: at most %d are taken", len(password), maxPassword)
	}
	p := phc{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: make([]byte, saltBytes)}
	rand.Read(p.salt)
	p.key = p.hash(password, keyBytes)
	return p.String(), nil
}

// phc is a hash with what it was made with.
type phc struct {
	memory, time uint32
	lanes        uint8
	salt, key    []byte
}

var base64Text = base64.RawStdEncoding

func (p *phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.lanes,
		base64Text.EncodeToString(p.salt), base64Text.EncodeToString(p.key))
}

// parsePHC reads what HashPassword or another program wrote. Parameters beyond reason are refused: they would make each
// attempt to sign in an attack of its own.
func parsePHC(s string) (*phc, error) {
	parts := strings.Split(s, "$")
	var p phc
	var version int
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return nil, errors.New("the console's password hash is not an argon2id hash: make one with gmcn password")
	}
	_, err := fmt.Sscanf(parts[2], "v=%d", &version)
	if err == nil {
		_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes)
	}
	if err == nil {
		p.salt, err = base64Text.DecodeString(parts[4])
	}
	if err == nil {
		p.key, err = base64Text.DecodeString(parts[5])
	}
	if err != nil {
		return nil, fmt.Errorf("the console's password hash is damaged: %w", err)
	}
	if version != argon2.Version || p.memory < 8<<10 || p.memory > 1<<20 || p.time < 1 || p.time > 20 || p.lanes < 1 ||
		len(p.salt) < 8 || len(p.key) < 16 || len(p.key) > 64 {
		return nil, errors.New("the console's password hash has parameters that are too weak or too costly: make one with gmcn password")
	}
	return &p, nil
}

// hash does the same work for every password of at most maxPassword bytes. Keyboards differ in how they compose
// letters, so that is made equal first.
func (p *phc) hash(password string, size uint32) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), p.salt, p.time, p.memory, p.lanes, size)
}

// matches compares in constant time. A password longer than any that HashPassword takes costs as much as a wrong one.
func (p *phc) matches(password string) bool {
	fits := len(password) <= maxPassword
	if !fits {
		password = password[:maxPassword]
	}
	return subtle.ConstantTimeCompare(p.hash(password, uint32(len(p.key))), p.key) == 1 && fits
}

const (
	// One address may try five times, then once in half a minute; all together twenty times, then once a second.
	tryBurst, tryEvery       = 5, 30 * time.Second
	allTryBurst, allTryEvery = 20, time.Second
	// maxAddresses bounds what is remembered.
	maxAddresses = 4096
	// maxHashes is how many passwords are checked at once, 64 MiB each.
	maxHashes = 2
)

// attempts limits how often somebody may try to sign in.
type attempts struct {
	hashing chan struct{}

	mu   sync.Mutex // guards what follows
	all  *rate.Limiter
	from map[netip.Prefix]*rate.Limiter
}

func newAttempts() *attempts {
	return &attempts{
		hashing: make(chan struct{}, maxHashes),
		all:     rate.NewLimiter(rate.Every(allTryEvery), allTryBurst),
		from:    map[netip.Prefix]*rate.Limiter{},
	}
}

// network is what counts as one address: of IPv6 the part that a household is given.
func network(ip string) netip.Prefix {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // no error: the number of bits fits
	return p
}

// allow says whether an address may try now, and counts the try.
func (a *attempts) allow(ip string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := network(ip)
	l := a.from[at]
	if l == nil {
		if len(a.from) >= maxAddresses {
			for p, old := range a.from {
				if old.Tokens() >= tryBurst {
					delete(a.from, p)
				}
			}
		}
		if len(a.from) >= maxAddresses {
			return false
		}
		l = rate.NewLimiter(rate.Every(tryEvery), tryBurst)
		a.from[at] = l
	}
	return l.Allow() && a.all.Allow()
}

// forget forgives an address its failures once it has signed in.
func (a *attempts) forget(ip string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.from, network(ip))
}
