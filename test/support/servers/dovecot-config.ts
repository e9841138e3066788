import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { join } from 'node:path'

/** What a server of the tests is like. */
export interface DovecotOptions {
  /** Passwords by user name; one user `support` with the password `secret` if nothing is said. */
  users?: Record<string, string>
  /** What the server says it can do, in place of all that it can: `IMAP4rev1 LITERAL+` hides IDLE, MOVE and the rest. */
  capabilities?: string
  /**
   * Access tokens are taken beside passwords. The address is asked as RFC 7662 has it: a POST of `token`, answered by
   * JSON such as `{ "active": true, "username": "support" }`.
   */
  oauth?: { introspectionUrl: string }
  /** False for a server that keeps no keywords; only \Seen and \Deleted stay. */
  keywords?: boolean
  /** How many connections a user may have from one place. */
  connections?: number
  /** All folders lie below `INBOX.`, and those of everybody below `shared.`, as on servers that came from Courier. */
  prefixed?: boolean
}

/** Where a server of the tests keeps its things, and where it listens. */
export interface DovecotPlace {
  folder: string
  imapPort: number
  imapsPort: number
}

/** Who mail belongs to. Dovecot refuses to handle mail as root. */
export const MAIL_OWNER =
  process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : { uid: userInfo().uid, gid: userInfo().gid }

/** Files of the configuration, by path. */
export function dovecotFiles(place: DovecotPlace, options: DovecotOptions): Record<string, string> {
  const { folder } = place
  return {
    [join(folder, 'dovecot.conf')]: [
      main(place, options),
      passwords(folder),
      tokens(folder, options),
      extras(folder, options),
    ].join('\n'),
    [join(folder, 'users')]: usersFile(options.users ?? { support: 'secret' }),
    ...(options.oauth ? { [join(folder, 'oauth2.conf')]: introspection(options.oauth.introspectionUrl) } : {}),
    ...(options.keywords === false ? { [join(folder, 'rights')]: '* owner lrstipekxa\n' } : {}),
  }
}

/** The passwd-file with these passwords by user name. */
export function usersFile(users: Record<string, string>): string {
  return Object.entries(users)
    .map(([user, password]) => `${user}:{PLAIN}${password}\n`)
    .join('')
}

function main({ folder, imapPort, imapsPort }: DovecotPlace, { connections = 1000, prefixed }: DovecotOptions): string {
  const root = process.getuid?.() === 0
  const own = userInfo().username
  const { uid, gid } = MAIL_OWNER
  return `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = ${root ? 'dovecot' : own}
${root ? '' : `default_internal_group = ${execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}`}
default_login_user = ${root ? 'dovenull' : own}
first_valid_uid = 0
first_valid_gid = 0
mail_uid = ${uid}
mail_gid = ${gid}
mail_home = ${folder}/home/%u
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = ${connections}
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
disable_plaintext_auth = no
auth_verbose = yes
auth_cache_size = 0
auth_failure_delay = 0
default_client_limit = 4000

service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  process_limit = 4
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = ${imapsPort}
    ssl = yes
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}

namespace inbox {
  inbox = yes
  ${prefixed ? 'prefix = INBOX.\n  separator = .' : 'separator = /'}
  mailbox Processed {
    auto = create
  }
  mailbox Failed {
    auto = create
  }
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
}
${prefixed ? shared(folder) : ''}
`
}

/** Folders of everybody, beside those of a user. */
function shared(folder: string): string {
  return `
namespace shared {
  type = public
  prefix = shared.
  separator = .
  location = maildir:${folder}/home/shared
  subscriptions = no
  list = children
}
`
}

function passwords(folder: string): string {
  const { uid, gid } = MAIL_OWNER
  return `
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%u ${folder}/users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}/home/%u allow_all_users=yes
}
`
}

function tokens(folder: string, { oauth }: DovecotOptions): string {
  if (!oauth) return 'auth_mechanisms = plain login'
  return `
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/oauth2.conf
}
`
}

function introspection(url: string): string {
  return `
introspection_url = ${url}
introspection_mode = post
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
`
}

function extras(folder: string, { capabilities, keywords }: DovecotOptions): string {
  return [
    ...(capabilities === undefined ? [] : [`imap_capability = ${capabilities}`]),
    ...(keywords === false ? ['mail_plugins = acl', `plugin {\n  acl = vfile:${folder}/rights\n}`] : []),
    '',
  ].join('\n')
}
