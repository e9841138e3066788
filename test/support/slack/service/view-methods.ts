import type { Json } from '../shapes.ts'
import type { Supply } from './api.ts'
import { flawOfView, withIds } from './limits.ts'
import { isObject } from './rules.ts'

/** A method that shows a view: its limits are checked, and what the emulator made of it is remembered. */
const showing: Supply = async (call, api) => {
  const { view } = call.args
  const refused = flawOfView(view)
  if (refused) return refused
  const named = isObject(view) ? { ...view, blocks: withIds(view.blocks) } : view
  const answer = await api.forward({ ...call, args: { ...call.args, view: named } })
  if (answer.ok) {
    const shown = answer.view as Json
    api.views.set(String(shown.id), shown)
  }
  return answer
}

export const supplied: Record<string, Supply> = {
  'views.open': showing,
  'views.push': showing,
  'views.update': showing,
  'views.publish': showing,
}
