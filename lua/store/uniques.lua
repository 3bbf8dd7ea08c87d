-- Unique keys that are held: how (see rules/uniqueness.lua), until when, and by which job. One that
-- is held for a time expires by itself; the others go where their job starts or ends.

local keys = require("store.keys")

local uniques = {}

local HELD = ">I6I6" -- ends (0: by the job alone), first; the jid follows
local LETTERS = { done = "d", started = "s", time = "t", trailing = "b" }
local KINDS = { d = "done", s = "started", t = "time", b = "trailing" }

-- How a key is held, or nil.
function uniques.read(step, key)
  local text = redis.call("GET", keys.unique(step, key))
  if not text then
    return nil
  end
  local ends, first, from = struct.unpack(HELD, text, 2)
  return {
    kind = KINDS[string.sub(text, 1, 1)],
    ends = ends,
    first = first,
    jid = string.sub(text, from),
  }
end

function uniques.save(step, key, held)
  local text = LETTERS[held.kind] .. struct.pack(HELD, held.ends, held.first) .. held.jid
  if held.kind == "time" then
    redis.call("SET", keys.unique(step, key), text, "PX", held.ends - step.now)
  else
    redis.call("SET", keys.unique(step, key), text)
  end
end

function uniques.drop(step, key)
  redis.call("UNLINK", keys.unique(step, key))
end

return uniques
