// Finds what a channel can do beside taking and sending messages.
import type {
  ChannelAdapter,
  Checkable,
  Describes,
  KnowsReaders,
  Owns,
  ReadiesItself,
  Rereads,
  ShowsCards,
  ShowsLayout,
  SignsIn,
  WritesFirst,
} from './adapter.ts'
import type { ServesHttp } from './http.ts'

/** Each ability by its method, which only channels that have it have. */
interface Abilities {
  check: Checkable
  describe: Describes
  getReady: ReadiesItself
  isShared: KnowsReaders
  layout: ShowsLayout
  owns: Owns
  reaches: WritesFirst
  reread: Rereads
  routes: ServesHttp
  showCard: ShowsCards
  signIn: SignsIn
}

/** The channel as one that can do this; undefined if it cannot. */
export function able<Ability extends keyof Abilities>(
  adapter: ChannelAdapter | undefined,
  ability: Ability,
): (ChannelAdapter & Abilities[Ability]) | undefined {
  return adapter && ability in adapter ? (adapter as ChannelAdapter & Abilities[Ability]) : undefined
}
