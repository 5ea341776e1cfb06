import { UserManager } from "oidc-client-ts"

const users = new UserManager({
  authority: "@ISSUER@",
  client_id: "@CLIENT_ID@",
  redirect_uri: "@REDIRECT_URI@",
  scope: "openid email profile",
})

// To sign somebody in:
await users.signinRedirect()

// When they come back to the redirect URI:
const user = await users.signinCallback()
