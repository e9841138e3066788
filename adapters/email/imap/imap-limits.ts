/** How long a server is waited for, and how much is taken from it at once, whatever it says. */

export const LOGIN_MS = 60_000 // for connecting and signing in, however much it talks meanwhile
export const COMMAND_MS = 5 * 60_000 // for an answer, or for the next message of one
export const SLOWEST_UPLOAD = 8 // bytes a millisecond: an answer of ours that is put into a folder gets its time
export const UNREAD_MS = 10 * 60_000 // a mailbox that is not read to its end for so long is an alarm
export const LOOK_MS = 30_000 // how often that is looked at
export const LONGEST_WAIT_MS = 60 * 60_000 // of those that a server asks for
export const NOTABLE_WAIT_MS = 10 * 60_000 // a longer one is an alarm

/** Messages that are asked for by number at once: their UIDs fit into one line of an answer. */
export const WINDOW = 1000

/** Bytes of an answer without the messages in it: imapflow reads the worst of this length in 50 ms, and needs four times as long for twice of it. */
export const LONGEST_ANSWER = 16 * 1024
/** Bytes of a literal. Some servers give a message at once of which a part was asked for. */
export const LONGEST_LITERAL = 32 * 1024 * 1024
/** Bytes and lines that imapflow is given in one turn of the event loop, without messages. */
export const TURN_BYTES = 8 * 1024
export const TURN_LINES = 100
/** Bytes of answers, without messages, to one command; and to all that signs in. More is a server that goes on and on. */
export const MOST_TALK = 2 * 1024 * 1024
export const MOST_LOGIN_TALK = 32 * 1024
/** After so many of them the server is read slowly, with a pause after each turn, so that it keeps no processor busy. */
export const FREE_TALK = 64 * 1024
export const SLOW_TURN_MS = 10
