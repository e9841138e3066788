/** Codes by which the machine, not a message, is in the way: no space, no handles, no file, half of the program gone. */
export const SYSTEM_ERROR_CODES = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EIO',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'ENOENT',
  'ERR_MODULE_NOT_FOUND',
])
