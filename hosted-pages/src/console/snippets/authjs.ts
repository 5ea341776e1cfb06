// auth.ts
import { readFileSync } from "node:fs"
import NextAuth from "next-auth"

// Auth.js comes back at /api/auth/callback/polder of your app. This application knows:
// "@REDIRECT_URI@"
export const { handlers, signIn, signOut, auth } = NextAuth({
  providers: [
    {
      id: "polder",
      name: "Polder",
      type: "oidc",
      issuer: "@ISSUER@",
      clientId: "@CLIENT_ID@",
      clientSecret: readFileSync(process.env.OIDC_CLIENT_SECRET_FILE!, "utf8").trim(),
      checks: ["pkce", "state", "nonce"],
      authorization: { params: { scope: "openid email profile" } },
    },
  ],
})

// app/api/auth/[...nextauth]/route.ts
import { handlers } from "@/auth"
export const { GET, POST } = handlers
