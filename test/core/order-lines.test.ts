import { expect, test } from 'vitest'
import { ordersIn } from '../../src/core/order-lines.ts'

test.each([
  ['at the top', '!claim\n!expect friday\n\nI will look at it.', ['claim', 'expect friday'], 'I will look at it.'],
  ['at the bottom', 'Done, it works.\n\n!close', ['close'], 'Done, it works.'],
  ['at both ends', '!claim\nDone.\n!close', ['claim', 'close'], 'Done.'],
  ['alone', '\n ! claim \n', ['claim'], ''],
  ['with its text', '!note She called: it is urgent!', ['note She called: it is urgent!'], ''],
])('commands %s', (_where, text, lines, rest) => {
  expect(ordersIn(text)).toEqual({ lines, text: rest })
})

test.each([
  ['in the middle', 'First\n!close\nlast'],
  ['quoted', '> !close'],
  ['quoted by another sign', '| !close'],
  ['behind other words', 'Please !close'],
  ['as an exclamation', 'Great!\n!!!'],
  ['without the sign', 'close'],
  ['as a path', '!/bin/sh'],
])('none %s', (_where, text) => {
  expect(ordersIn(text)).toEqual({ lines: [], text })
})
