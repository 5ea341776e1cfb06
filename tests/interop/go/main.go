// Command interop plays relying parties made with golang.org/x/oauth2 and go-oidc, told and asked as those for Node
// are (party.mjs): one JSON text a line, what they are told on standard input, what they found on standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// told is what a party has to know.
type told struct {
	Party        string `json:"party"`
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RedirectURI  string `json:"redirect_uri"`
	LogoutToken  string `json:"logout_token"`
	Landed       string `json:"landed"`
}

// found is what a party found out.
type found map[string]any

var parties = map[string]func(context.Context, told) (found, error){
	"web": web, "device": device, "machine": machine, "logout": logout,
}

var lines = bufio.NewScanner(os.Stdin)

func main() {
	log.SetFlags(0)
	// Nobody waits for ever for one that hangs.
	time.AfterFunc(2*time.Minute, func() { os.Exit(2) })
	lines.Buffer(nil, 1<<20)
	say(map[string]any{"jwks": nil})
	client := &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: 30 * time.Second}
	ctx := oidc.ClientContext(context.Background(), client)
	for lines.Scan() {
		what := parse(lines.Bytes())
		result, err := parties[what.Party](ctx, what)
		if err != nil {
			log.Fatalf("%s: %v", what.Party, err)
		}
		say(map[string]any{"found": result})
	}
}

// dial knows that names below localhost are this machine (RFC 6761), which not every resolver does.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(host, ".localhost") {
		host = "127.0.0.1"
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(host, port))
}

func parse(line []byte) (what told) {
	if err := json.Unmarshal(line, &what); err != nil {
		log.Fatal(err)
	}
	return what
}

func say(what any) {
	if err := json.NewEncoder(os.Stdout).Encode(what); err != nil {
		log.Fatal(err)
	}
}

// visit has a browser go there; gives the query of where it ended.
func visit(address string) (url.Values, error) {
	say(map[string]any{"open": address})
	if !lines.Scan() {
		return nil, fmt.Errorf("nobody went to %s", address)
	}
	landed, err := url.Parse(parse(lines.Bytes()).Landed)
	if err != nil {
		return nil, err
	}
	return landed.Query(), nil
}
