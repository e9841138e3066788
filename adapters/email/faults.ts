/** Codes by which the machine, not a message, is in the way: no space, no handles, no file. */
export const FAULTS = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'EACCES', 'ENOENT'])
