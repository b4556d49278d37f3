// The peer of the sweep lane: gosnmp, as telegraf uses it, one goroutine for each of a hundred phones.
//
// snmp_peer PORT COUNT FIRST OID...: asks COUNT addresses from FIRST (a number) on, prints how many answered
// with their own address.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gosnmp/gosnmp"
)

func main() {
	port, _ := strconv.Atoi(os.Args[1])
	count, _ := strconv.Atoi(os.Args[2])
	first, _ := strconv.Atoi(os.Args[3])
	oids := os.Args[4:]
	numbers := make(chan uint32)
	var right int64
	var all sync.WaitGroup
	for worker := 0; worker < 100; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for number := range numbers {
				if ask(number, uint16(port), oids) {
					atomic.AddInt64(&right, 1)
				}
			}
		}()
	}
	for number := first; number < first+count; number++ {
		numbers <- uint32(number)
	}
	close(numbers)
	all.Wait()
	fmt.Println(right)
}

func ask(number uint32, port uint16, oids []string) bool {
	address := net.IPv4(byte(number>>24), byte(number>>16), byte(number>>8), byte(number))
	session := &gosnmp.GoSNMP{
		Target: address.String(), Port: port, Community: "public", Version: gosnmp.Version2c,
		Timeout: time.Second, Retries: 1, MaxOids: 60,
	}
	if session.Connect() != nil {
		return false
	}
	defer session.Conn.Close()
	answer, err := session.Get(oids)
	if err != nil || len(answer.Variables) != len(oids) {
		return false
	}
	value, isBytes := answer.Variables[0].Value.([]byte)
	return isBytes && strings.HasSuffix(string(value), fmt.Sprintf("%08x", number))
}
