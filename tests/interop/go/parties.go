package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Providers by issuer. One is kept as long as a server would, with the keys it has seen: what is signed with others
// later shows that it finds them.
var providers = map[string]*oidc.Provider{}

func discover(ctx context.Context, issuer string) (*oidc.Provider, error) {
	if known := providers[issuer]; known != nil {
		return known, nil
	}
	provider, err := oidc.NewProvider(ctx, issuer)
	if err == nil {
		providers[issuer] = provider
	}
	return provider, err
}

// web is a web application with a secret.
func web(ctx context.Context, what told) (found, error) {
	provider, err := discover(ctx, what.Issuer)
	if err != nil {
		return nil, err
	}
	config := &oauth2.Config{
		ClientID:     what.ClientID,
		ClientSecret: what.ClientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  what.RedirectURI,
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier, state, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	landed, err := visit(config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		return nil, err
	}
	if landed.Get("state") != state {
		return nil, fmt.Errorf("state is lost in %v", landed)
	}
	token, err := config.Exchange(ctx, landed.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	result, err := person(ctx, provider, config, token, nonce)
	if err != nil {
		return nil, err
	}
	var claims struct {
		SessionID string `json:"sid"`
	}
	id, err := verify(ctx, provider, config, token)
	if err != nil {
		return nil, err
	}
	if err := id.Claims(&claims); err != nil {
		return nil, err
	}
	result["sid"] = claims.SessionID
	result["kid"], err = kid(token.Extra("id_token").(string))
	return result, err
}

// device is a public program without a browser.
func device(ctx context.Context, what told) (found, error) {
	provider, err := discover(ctx, what.Issuer)
	if err != nil {
		return nil, err
	}
	scopes := []string{oidc.ScopeOpenID, "email"}
	config := &oauth2.Config{ClientID: what.ClientID, Endpoint: provider.Endpoint(), Scopes: scopes}
	given, err := config.DeviceAuth(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := visit(given.VerificationURIComplete); err != nil {
		return nil, err
	}
	token, err := config.DeviceAccessToken(ctx, given)
	if err != nil {
		return nil, err
	}
	return person(ctx, provider, config, token, "")
}

// machine is a service.
func machine(ctx context.Context, what told) (found, error) {
	provider, err := discover(ctx, what.Issuer)
	if err != nil {
		return nil, err
	}
	config := clientcredentials.Config{
		ClientID: what.ClientID, ClientSecret: what.ClientSecret, TokenURL: provider.Endpoint().TokenURL,
	}
	token, err := config.Token(ctx)
	if err != nil {
		return nil, err
	}
	left := int64(time.Until(token.Expiry).Seconds())
	return found{"token_type": strings.ToLower(token.Type()), "expires_in": left}, nil
}

// logout is a web application that was told that a session ended.
func logout(ctx context.Context, what told) (found, error) {
	provider, err := discover(ctx, what.Issuer)
	if err != nil {
		return nil, err
	}
	token, err := provider.Verifier(&oidc.Config{ClientID: what.ClientID}).VerifyLogout(ctx, what.LogoutToken)
	if err != nil {
		return nil, err
	}
	return found{"sub": token.Subject, "sid": token.SessionID}, nil
}

func verify(ctx context.Context, provider *oidc.Provider, config *oauth2.Config, token *oauth2.Token) (*oidc.IDToken, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("no ID token in %v", token)
	}
	return provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
}

// person checks the tokens, asks who they are for, and renews them.
func person(ctx context.Context, provider *oidc.Provider, config *oauth2.Config, token *oauth2.Token, nonce string) (found, error) {
	id, err := verify(ctx, provider, config, token)
	if err != nil {
		return nil, err
	}
	if id.Nonce != nonce {
		return nil, fmt.Errorf("the nonce is %q", id.Nonce)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, err
		}
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	if info.Subject != id.Subject {
		return nil, fmt.Errorf("two subjects: %s and %s", info.Subject, id.Subject)
	}
	renewed, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil {
		return nil, err
	}
	rotated := renewed.RefreshToken != token.RefreshToken && renewed.AccessToken != token.AccessToken
	return found{"email": info.Email, "sub": id.Subject, "rotated": rotated}, nil
}

// kid names the key that signed a token.
func kid(token string) (string, error) {
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return "", err
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	err = json.Unmarshal(text, &header)
	return header.KeyID, err
}
