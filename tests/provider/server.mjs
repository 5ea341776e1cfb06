// An OpenID Provider that is not ours (oidc-provider), on this machine. What it serves comes as JSON on
// standard input; it says "ready" when it answers, and ends with its standard input.
import Provider from 'oidc-provider';

async function settings() {
  for await (const chunk of process.stdin.iterator({ destroyOnReturn: false })) return JSON.parse(chunk.toString());
}

const { issuer, port, clients } = await settings();
const provider = new Provider(issuer, {
  clients: clients.map((client) => ({
    ...client, response_types: ['code'], grant_types: ['authorization_code', 'refresh_token'],
  })),
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  // Whoever somebody says they are, they are.
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@upstream.example`, email_verified: true, name: 'Ann Smit' }),
  }),
  // Nobody is asked for consent.
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['a key of these tests'] },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  pkce: { required: () => true },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
});

// Its own sign-in: one field, since the one that comes with it loads fonts from elsewhere.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = '<!doctype html><title>Upstream</title><form method="post"><input name="login"><button type="submit">Sign in</button></form>';
    return undefined;
  }
  let body = '';
  for await (const chunk of ctx.req) body += chunk;
  const login = { accountId: new URLSearchParams(body).get('login') };
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, { login });
});

provider.listen(port, '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
