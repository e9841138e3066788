import {
  anything,
  both,
  choice,
  distinct,
  type Fields,
  flag,
  kindOf,
  list,
  object,
  type Rule,
  someOf,
  string,
  text,
  wholeNumber,
} from './service/rules.ts'

/**
 * Block Kit with its limits, as far as a help desk has use for it.
 * https://docs.slack.dev/reference/block-kit/blocks and the pages below it
 */

const plain = (most: number) => text(most, 'plain_text')
const anyText = (most: number) => text(most, 'plain_text', 'mrkdwn')

const confirm = object(
  { text: anyText(300) },
  { title: plain(100), confirm: plain(30), deny: plain(30), style: choice('primary', 'danger') },
)
const actionable: Fields = { action_id: string(255, 1) }
const pressable: Fields = { ...actionable, confirm }
const fillable: Fields = { ...actionable, focus_on_load: flag, placeholder: plain(150) }
const typed: Fields = { ...fillable, initial_value: anything, dispatch_action_config: anything }

/** https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
const option = object({ text: plain(75), value: string(150, 1) }, { description: plain(75) })
const overflowOption = object({ text: plain(75), value: string(150, 1) }, { description: plain(75), url: string(3000) })
const tickable = object({ text: anyText(75), value: string(150, 1) }, { description: anyText(75) })
const optionGroups = list(object({ label: plain(75), options: list(option, 100) }), 100)

const image = both(
  object({ alt_text: string(2000) }, { image_url: string(3000, 1), slack_file: anything }),
  someOf('image_url', 'slack_file'),
)
const button = object(
  { text: plain(75) },
  {
    ...pressable,
    ...{ value: string(2000), url: string(3000), style: choice('primary', 'danger'), accessibility_label: string(75) },
  },
)
const staticSelect = both(
  object({}, { ...fillable, confirm, options: list(option, 100), option_groups: optionGroups, initial_option: option }),
  someOf('options', 'option_groups'),
)
const multiSelect = both(
  object(
    {},
    {
      ...{ ...fillable, confirm, options: list(option, 100), option_groups: optionGroups },
      ...{ initial_options: list(option, 100), max_selected_items: wholeNumber(1, 100) },
    },
  ),
  someOf('options', 'option_groups'),
)
const pick = (...initial: string[]) =>
  object({}, { ...fillable, confirm, ...Object.fromEntries(initial.map(name => [name, anything])) })

const CHOOSERS: Record<string, Rule> = {
  static_select: staticSelect,
  multi_static_select: multiSelect,
  users_select: pick('initial_user'),
  conversations_select: pick('initial_conversation', 'default_to_current_conversation', 'filter'),
  channels_select: pick('initial_channel'),
  checkboxes: object({ options: list(tickable, 10) }, { ...fillable, confirm, initial_options: list(tickable, 10) }),
  radio_buttons: object({ options: list(tickable, 10) }, { ...fillable, confirm, initial_option: tickable }),
  datepicker: pick('initial_date'),
  timepicker: pick('initial_time', 'timezone'),
}
const PRESSED: Record<string, Rule> = {
  button,
  overflow: object({ options: list(overflowOption, 5) }, pressable),
}
/** https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element */
const FILLED: Record<string, Rule> = {
  plain_text_input: object(
    {},
    {
      ...typed,
      initial_value: string(3000),
      multiline: flag,
      min_length: wholeNumber(0, 3000),
      max_length: wholeNumber(1, 3000),
    },
  ),
  email_text_input: object({}, typed),
  url_text_input: object({}, typed),
  number_input: object({ is_decimal_allowed: flag }, { ...typed, min_value: anything, max_value: anything }),
  file_input: object({}, { ...actionable, filetypes: anything, max_files: wholeNumber(1, 10) }),
  rich_text_input: object({}, typed),
}

const elements = (most: number, kinds: Record<string, Rule>) =>
  object({ elements: both(list(kindOf(kinds), most), distinct('action_id')) }, { block_id: string(255, 1) })

const block = (required: Fields, optional: Fields = {}) => object(required, { block_id: string(255, 1), ...optional })

export const BLOCKS: Record<string, Rule> = {
  actions: elements(25, { ...PRESSED, ...CHOOSERS }),
  context: elements(10, { image, plain_text: plain(3000), mrkdwn: text(3000, 'mrkdwn') }),
  divider: block({}),
  header: block({ text: plain(150) }),
  image: both(
    block({ alt_text: string(2000) }, { image_url: string(3000, 1), slack_file: anything, title: plain(2000) }),
    someOf('image_url', 'slack_file'),
  ),
  input: block(
    { label: plain(2000), element: kindOf({ ...CHOOSERS, ...FILLED }) },
    { hint: plain(2000), optional: flag, dispatch_action: flag },
  ),
  section: both(
    block(
      {},
      {
        text: anyText(3000),
        fields: list(anyText(2000), 10),
        accessory: kindOf({ ...PRESSED, ...CHOOSERS, image }),
        expand: flag,
      },
    ),
    someOf('text', 'fields'),
  ),
  rich_text: block({
    elements: list(
      kindOf({
        rich_text_section: anything,
        rich_text_list: anything,
        rich_text_quote: anything,
        rich_text_preformatted: anything,
      }),
      1000,
      0,
    ),
  }),
  markdown: block({ text: string(12_000, 1) }),
  video: block({ video_url: string(3000), thumbnail_url: string(3000), alt_text: string(2000), title: plain(200) }),
}

/** A message's blocks. */
export const messageBlocks = both(list(kindOf(BLOCKS), 50, 0), distinct('block_id'))

/** Those of a modal or of an app's home; what stands in messages alone is left out. */
const viewBlocks = both(list(kindOf({ ...BLOCKS, video: anything }), 100, 0), distinct('block_id'))

const viewFields: Fields = { private_metadata: string(3000), callback_id: string(255), external_id: string(255) }

/** https://docs.slack.dev/reference/views/modal-views */
export const modal = object(
  { title: plain(24), blocks: viewBlocks },
  { ...viewFields, submit: plain(24), close: plain(24), clear_on_close: flag, notify_on_close: flag },
)

/** https://docs.slack.dev/reference/views/home-tab-views */
export const home = object({ blocks: viewBlocks }, viewFields)
