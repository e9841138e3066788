import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

const APT = '/usr/bin/apt-get'
const POLICY = '/usr/sbin/policy-rc.d'

/** Installs a package and starts none of its services; whoever finds it installed meanwhile does nothing. */
const SCRIPT = `
  test -e "$2" && exit 0
  if ! test -e ${POLICY}; then
    trap 'rm -f ${POLICY}' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > ${POLICY} && chmod 755 ${POLICY}
  fi
  install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$1"; }
  install "$1" || { apt-get update -q && install "$1"; }
`

/**
 * Installs a Debian package where we may: as root, on a system with apt-get. Runs at the same time take turns.
 * `file` is what the package brings. Rejects with a sentence.
 */
export async function installPackage(name: string, file: string): Promise<void> {
  if (existsSync(file)) return
  if (process.getuid?.() !== 0 || !existsSync(APT)) throw new Error('Only root may do so, on a system with apt-get.')
  try {
    // The folder itself is the lock, so that nothing is left behind.
    await run('flock', ['/var/lib/dpkg', 'sh', '-c', SCRIPT, 'sh', name, file], {
      env: {
        ...process.env,
        DEBIAN_FRONTEND: 'noninteractive',
        PATH: `${process.env.PATH}:/usr/sbin:/usr/bin:/sbin:/bin`,
      },
      timeout: 300_000,
    })
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(`apt-get said: ${stderr?.trim() || message}`)
  }
  if (!existsSync(file)) throw new Error(`apt-get installed ${name}, which brought no ${file}.`)
}
