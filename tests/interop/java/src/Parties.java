import java.net.URI;
import java.util.List;
import java.util.Map;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.*;
import com.nimbusds.openid.connect.sdk.*;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.AccessTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.LogoutTokenValidator;

/** The parties. */
final class Parties {
    private final Map<String, Object> told;
    private final ECKey key;
    private final Issuer issuer;
    private final ClientID clientId;
    private final OIDCProviderMetadata provider;
    /** Where tokens are bound to a key. */
    private DefaultDPoPProofFactory proofs;
    private Nonce nonce;

    Parties(Map<String, Object> told, ECKey key) throws Exception {
        this.told = told;
        this.key = key;
        issuer = new Issuer((String) told.get("issuer"));
        clientId = new ClientID((String) told.get("client_id"));
        provider = OIDCProviderMetadata.resolve(issuer);
    }

    static ECKey key(String id) throws Exception {
        return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
    }

    Map<String, ?> play(String party) throws Exception {
        return switch (party) {
            case "web" -> web();
            case "strict" -> strict();
            case "signed" -> signed();
            case "machine" -> machine();
            case "logout" -> logout();
            default -> throw new IllegalArgumentException(party);
        };
    }

    /** A web application with a secret. */
    private Map<String, ?> web() throws Exception {
        ClientAuthentication auth = new ClientSecretBasic(clientId, new Secret((String) told.get("client_secret")));
        Asked asked = ask("openid profile email");
        OIDCTokens tokens = redeem(auth, asked, Client.visit(asked.request.toURI()));
        IDTokenClaimsSet id = verify(tokens, asked, JWSAlgorithm.RS256);
        UserInfo person = person(tokens.getAccessToken());
        OIDCTokens renewed = tokens(auth, new RefreshTokenGrant(tokens.getRefreshToken()));
        boolean alive = isActive(auth, renewed.getAccessToken());
        URI endpoint = provider.getRevocationEndpointURI();
        send(() -> new TokenRevocationRequest(endpoint, auth, renewed.getRefreshToken())).ensureStatusCode(200);
        return Map.of(
            "email", person.getEmailAddress(),
            "sub", id.getSubject().getValue(),
            "sid", id.getSessionID().getValue(),
            "rotated", !renewed.getRefreshToken().equals(tokens.getRefreshToken()),
            "active", List.of(alive, isActive(auth, renewed.getAccessToken())));
    }

    /** An application of the strict profile: pushed requests, a key instead of a secret, tokens bound to another. */
    private Map<String, ?> strict() throws Exception {
        proofs = new DefaultDPoPProofFactory(key(null), JWSAlgorithm.ES256);
        Asked asked = ask("openid email");
        URI uri = provider.getPushedAuthorizationRequestEndpointURI();
        HTTPResponse pushed = send(() -> new PushedAuthorizationRequest(uri, proof(), asked.request));
        URI requestUri = PushedAuthorizationResponse.parse(pushed).toSuccessResponse().getRequestURI();
        URI address = new AuthorizationRequest.Builder(requestUri, clientId)
            .endpointURI(provider.getAuthorizationEndpointURI()).build().toURI();
        OIDCTokens tokens = redeem(null, asked, Client.visit(address));
        verify(tokens, asked, JWSAlgorithm.ES256);
        UserInfo person = person(tokens.getAccessToken());
        OIDCTokens renewed = tokens(null, new RefreshTokenGrant(tokens.getRefreshToken()));
        RefreshToken next = renewed.getRefreshToken();
        AccessToken stolen = new BearerAccessToken(renewed.getAccessToken().getValue());
        proofs = null;
        int answer = send(() -> new UserInfoRequest(provider.getUserInfoEndpointURI(), stolen)).getStatusCode();
        return Map.of(
            "email", person.getEmailAddress(),
            "token_type", tokens.getAccessToken().getType().getValue().toLowerCase(),
            "stays", next == null || next.equals(tokens.getRefreshToken()),
            "stolen", answer);
    }

    /** An application that signs its requests (RFC 9101). */
    private Map<String, ?> signed() throws Exception {
        Asked asked = ask("openid email");
        JWTClaimsSet claims = new JWTClaimsSet.Builder(asked.request.toJWTClaimsSet())
            .issuer(clientId.getValue()).audience(issuer.getValue()).build();
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.ES256)
            .type(new JOSEObjectType("oauth-authz-req+jwt")).keyID(key.getKeyID()).build();
        SignedJWT request = new SignedJWT(header, claims);
        request.sign(new ECDSASigner(key));
        URI address = new AuthorizationRequest.Builder(request, clientId)
            .endpointURI(provider.getAuthorizationEndpointURI()).build().toURI();
        OIDCTokens tokens = redeem(null, asked, Client.visit(address));
        verify(tokens, asked, JWSAlgorithm.RS256);
        return Map.of("email", person(tokens.getAccessToken()).getEmailAddress());
    }

    /** A service that posts its secret. */
    private Map<String, ?> machine() throws Exception {
        ClientAuthentication auth = new ClientSecretPost(clientId, new Secret((String) told.get("client_secret")));
        AccessToken token = tokens(auth, new ClientCredentialsGrant()).getAccessToken();
        return Map.of("token_type", token.getType().getValue().toLowerCase(), "expires_in", token.getLifetime());
    }

    /** A web application that was told that a session ended. */
    private Map<String, ?> logout() throws Exception {
        var keys = provider.getJWKSetURI().toURL();
        var said = new LogoutTokenValidator(issuer, clientId, JWSAlgorithm.RS256, keys)
            .validate(JWTParser.parse((String) told.get("logout_token")));
        return Map.of("sub", said.getSubject().getValue(), "sid", said.getSessionID().getValue());
    }

    /** What was asked, and what its answer is held to. */
    private record Asked(AuthenticationRequest request, CodeVerifier verifier) {}

    private Asked ask(String scope) {
        CodeVerifier verifier = new CodeVerifier();
        URI redirect = URI.create((String) told.get("redirect_uri"));
        AuthenticationRequest request =
            new AuthenticationRequest.Builder(ResponseType.CODE, Scope.parse(scope), clientId, redirect)
                .endpointURI(provider.getAuthorizationEndpointURI())
                .state(new State())
                .nonce(new Nonce())
                .codeChallenge(verifier, CodeChallengeMethod.S256)
                .build();
        return new Asked(request, verifier);
    }

    private OIDCTokens redeem(ClientAuthentication auth, Asked asked, URI landed) throws Exception {
        AuthenticationSuccessResponse answer = AuthenticationResponseParser.parse(landed).toSuccessResponse();
        if (!asked.request.getState().equals(answer.getState()) || !issuer.equals(answer.getIssuer())) {
            throw new GeneralException("state or iss is wrong in " + landed);
        }
        URI redirect = asked.request.getRedirectionURI();
        return tokens(auth, new AuthorizationCodeGrant(answer.getAuthorizationCode(), redirect, asked.verifier));
    }

    /** Tokens for a grant; without authentication of another kind, with an assertion. */
    private OIDCTokens tokens(ClientAuthentication auth, AuthorizationGrant grant) throws Exception {
        URI endpoint = provider.getTokenEndpointURI();
        HTTPResponse answer =
            send(() -> new TokenRequest.Builder(endpoint, auth == null ? proof() : auth, grant).build());
        return ((OIDCTokenResponse) OIDCTokenResponseParser.parse(answer).toSuccessResponse()).getOIDCTokens();
    }

    private IDTokenClaimsSet verify(OIDCTokens tokens, Asked asked, JWSAlgorithm algorithm) throws Exception {
        IDTokenValidator rules =
            new IDTokenValidator(issuer, clientId, algorithm, provider.getJWKSetURI().toURL());
        IDTokenClaimsSet claims = rules.validate(tokens.getIDToken(), asked.request.getNonce());
        if (claims.getAccessTokenHash() != null) {
            AccessTokenValidator.validate(tokens.getAccessToken(), algorithm, claims.getAccessTokenHash());
        }
        return claims;
    }

    private UserInfo person(AccessToken token) throws Exception {
        HTTPResponse answer = send(() -> new UserInfoRequest(provider.getUserInfoEndpointURI(), token), token);
        return UserInfoResponse.parse(answer).toSuccessResponse().getUserInfo();
    }

    private boolean isActive(ClientAuthentication auth, AccessToken token) throws Exception {
        URI endpoint = provider.getIntrospectionEndpointURI();
        HTTPResponse answer = send(() -> new TokenIntrospectionRequest(endpoint, auth, token));
        return TokenIntrospectionResponse.parse(answer).toSuccessResponse().isActive();
    }

    /** An assertion for the issuer, good once. */
    private ClientAuthentication proof() throws Exception {
        JWTAuthenticationClaimsSet claims = new JWTAuthenticationClaimsSet(clientId, new Audience(issuer));
        return new PrivateKeyJWT(claims, JWSAlgorithm.ES256, key.toPrivateKey(), key.getKeyID(), null);
    }

    /** Makes a request, with what in it is good once. */
    private interface Making {
        Request make() throws Exception;
    }

    private HTTPResponse send(Making making) throws Exception {
        return send(making, null);
    }

    private HTTPResponse send(Making making, AccessToken token) throws Exception {
        HTTPRequest request = making.make().toHTTPRequest();
        if (proofs == null) {
            return request.send();
        }
        String method = request.getMethod().name();
        Nonce known = nonce;
        request.setDPoP(token == null
            ? proofs.createDPoPJWT(method, request.getURI(), nonce)
            : proofs.createDPoPJWT(method, request.getURI(), token, nonce));
        HTTPResponse answer = request.send();
        if (answer.getDPoPNonce() != null) {
            nonce = answer.getDPoPNonce();
        }
        // Once more with the first nonce (RFC 9449, 8).
        boolean isAsked = OAuth2Error.USE_DPOP_NONCE.getCode().equals(ErrorObject.parse(answer).getCode());
        return isAsked && known == null && nonce != null ? send(making, token) : answer;
    }
}
