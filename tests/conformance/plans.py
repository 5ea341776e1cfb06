"""The plans, and what each needs of the tenant: applications, and the configuration that tells the suite of them."""

from joserfc.jwk import ECKey, RSAKey

from person import ADDRESS

CODE = {"server_metadata": "discovery", "client_registration": "static_client"}
LOGOUT = {"client_registration": "static_client", "response_type": "code"}
FAPI2 = {
    "client_auth_type": "private_key_jwt",
    "sender_constrain": "dpop",
    "openid": "openid_connect",
    "fapi_profile": "plain_fapi",
}

PLANS = {
    "config": ("oidcc-config-certification-test-plan", {}),
    "basic": ("oidcc-basic-certification-test-plan", CODE),
    "form-post": ("oidcc-formpost-basic-certification-test-plan", CODE),
    "rp-logout": ("oidcc-rp-initiated-logout-certification-test-plan", LOGOUT),
    "back-channel": ("oidcc-backchannel-rp-initiated-logout-certification-test-plan", LOGOUT),
    "fapi2": ("fapi2-security-profile-final-test-plan", FAPI2),
}

# What people do, visit by visit, where it is not signing in.
HABITS = {
    "fapi2-security-profile-final-user-rejects-authentication": ["refuse", "refuse"],
    "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": ["look"],
}

# Pages that a person would have to recognise on a picture, by module, and how often they are to be seen.
ASKED_AGAIN = ("200 Sign in to One", 2)
UNKNOWN, UNUSABLE = ("400 We don’t know this app", 1), ("400 The app sent something we can’t use", 1)
ASKED, OUT = ("200 Sign out?", 1), ("200 You’re signed out", 1)
PICTURES = {
    "oidcc-prompt-login": ASKED_AGAIN,
    "oidcc-max-age-1": ASKED_AGAIN,
    "oidcc-ensure-registered-redirect-uri": UNKNOWN,
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": UNUSABLE,
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": UNUSABLE,
    "oidcc-rp-initiated-logout-modified-id-token-hint": ASKED,
    "oidcc-rp-initiated-logout-bad-id-token-hint": ASKED,
    "oidcc-rp-initiated-logout-no-id-token-hint": ASKED,
    "oidcc-rp-initiated-logout-no-params": OUT,
    "oidcc-rp-initiated-logout-only-state": OUT,
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri": OUT,
    "fapi2-security-profile-final-par-attempt-reuse-request_uri": UNUSABLE,
    "fapi2-security-profile-final-par-attempt-to-use-expired-request_uri": UNUSABLE,
    "fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client": UNUSABLE,
}


class Needs:
    """Registers what a plan needs. `loopback` is where the suite listens without TLS, for what a tenant calls."""

    def __init__(self, tenant, suite, loopback):
        self._tenant, self._suite, self._loopback = tenant, suite, loopback

    def configuration(self, plan):
        """The suite's configuration of a plan."""
        alias = f"polder-{plan}"
        base = f"{self._suite}/test/a/{alias}"
        server = {"discoveryUrl": f"{self._tenant.issuer}/.well-known/openid-configuration"}
        configuration = {"alias": alias, "description": f"Polder: {plan}", "server": server}
        if plan == "config":
            return configuration
        if plan == "fapi2":
            # What may not be signed with RS256 is tried with a key that could.
            one = self._fapi2("One", base, "PS256", RSAKey.generate_key(2048, private=True))
            two = self._fapi2("Two", base, "ES256", ECKey.generate_key("P-256", private=True))
            resource = {"resourceUrl": f"{self._tenant.issuer}/userinfo"}
            return configuration | {"client": one, "client2": two, "resource": resource}
        preferences = {}
        if plan == "back-channel":
            preferences["backchannel_logout_uri"] = f"{self._loopback}/test/a/{alias}/backchannel_logout"
        make = lambda name, **more: self._classic(name, base, preferences, **more)
        server["login_hint"] = ADDRESS
        return configuration | {
            "client": make("One"),
            "client2": make("Two"),
            "client_secret_post": make("Post", token_endpoint_auth_method="client_secret_post"),
        }

    def _classic(self, name, base, preferences, **more):
        made = self._tenant.application(
            name=name,
            profile="compat",
            redirect_uris=[f"{base}/callback", f"{base}/callback?dummy1=lorem&dummy2=ipsum"],
            post_logout_redirect_uris=[f"{base}/post_logout_redirect"],
            grant_types=["authorization_code", "refresh_token"],
            preferences=preferences,
            **more,
        )
        return {key: made[key] for key in ("client_id", "client_secret")}

    def _fapi2(self, name, base, algorithm, key):
        kid = {"kid": key.thumbprint(), "use": "sig", "alg": algorithm}
        made = self._tenant.application(
            name=name,
            profile="fapi2",
            redirect_uris=[f"{base}/callback", f"{base}/callback?dummy1=lorem&dummy2=ipsum"],
            grant_types=["authorization_code", "refresh_token"],
            jwks={"keys": [key.as_dict(private=False) | kid]},
        )
        jwks = {"keys": [key.as_dict(private=True) | kid]}
        scope = "openid email"
        return {"client_id": made["client_id"], "scope": scope, "jwks": jwks, "dpop_signing_alg": "ES256"}
