"""Relying parties made with Authlib, told and asked as openid-client.mjs is: one JSON text a line, what they are told
on standard input, what they found on standard output."""

import json
import os
import secrets
import socket
import sys

# This issuer is on loopback, without TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

# Names below localhost are this machine (RFC 6761), which not every resolver knows.
resolve = socket.getaddrinfo


def resolve_below_localhost(host, *rest, **named):
    return resolve("127.0.0.1" if host.endswith(".localhost") else host, *rest, **named)


socket.getaddrinfo = resolve_below_localhost


def say(what):
    print(json.dumps(what), flush=True)


def visit(url):
    say({"open": url})
    return json.loads(sys.stdin.readline())["landed"]


def session(told, **more):
    client = OAuth2Session(told["client_id"], told.get("client_secret"), **more)
    metadata = client.get(f"{told['issuer']}/.well-known/openid-configuration", withhold_token=True).json()
    assert metadata["issuer"] == told["issuer"], metadata
    return client, metadata


def web(told):
    """A web application with a secret."""
    client, metadata = session(
        told,
        scope="openid profile email",
        redirect_uri=told["redirect_uri"],
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    landed = visit(url)
    token = client.fetch_token(
        metadata["token_endpoint"], authorization_response=landed, state=state, code_verifier=verifier
    )
    keys = KeySet.import_key_set(client.get(metadata["jwks_uri"], withhold_token=True).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": told["issuer"]},
        aud={"essential": True, "value": told["client_id"]},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(claims)
    person = client.get(metadata["userinfo_endpoint"]).json()
    assert person["sub"] == claims["sub"], person
    renewed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    ask = lambda: client.introspect_token(metadata["introspection_endpoint"], token=renewed["access_token"]).json()
    alive = ask()["active"]
    client.revoke_token(metadata["revocation_endpoint"], token=renewed["refresh_token"])
    return {
        "email": person["email"],
        "rotated": renewed["refresh_token"] != token["refresh_token"],
        "active": [alive, ask()["active"]],
    }


def machine(told):
    """A service that posts its secret."""
    client, metadata = session(told, token_endpoint_auth_method="client_secret_post")
    token = client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    return {"token_type": token["token_type"].lower(), "expires_in": token["expires_in"]}


say({"jwks": None})
for line in iter(sys.stdin.readline, ""):
    told = json.loads(line)
    say({"found": {"web": web, "machine": machine}[told["party"]](told)})
