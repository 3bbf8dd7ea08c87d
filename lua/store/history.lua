-- A job's history: packed entries at the end of its record, appended only, oldest first.

local events = require("rules.events")
local records = require("store.records")
local settings = require("store.settings")
local states = require("rules.states")

local history = {}

-- length of the detail, kind, attempt, milliseconds; the detail follows.
local ENTRY = ">HBHI6"
local HEAD = 11

local number = events.number

local function pack(kind, attempt, time, detail)
  return struct.pack(ENTRY, #detail, number[kind], attempt, time) .. detail
end

-- Keeps the first entry and the newest, `limit` in all.
local function cut(record, limit)
  local tail = record.tail
  local from = 1
  local first = ""
  if limit > 1 then
    from = from + HEAD + struct.unpack(">H", tail)
    first = string.sub(tail, 1, from - 1)
  end
  for _ = 1, record.entries - limit do
    from = from + HEAD + struct.unpack(">H", tail, from)
  end
  record.tail = first .. string.sub(tail, from)
  record.entries = limit
end

-- Writes out the put of a job that has waited since, before anything else becomes of it.
function history.spell(record, queue)
  local fresh = states.flags.FRESH
  if bit.band(record.flags, fresh) ~= 0 then
    records.lower(record, fresh)
    record.tail = pack("put", 0, record.since, queue.name)
    record.entries = 1
  end
end

-- Appends an entry; `kind` is a word of rules/events.lua, `queue` the queue that the job is in.
function history.append(step, record, queue, kind, detail)
  history.spell(record, queue)
  record.tail = record.tail .. pack(kind, record.attempt, step.now, detail or "")
  local entries = record.entries + 1
  record.entries = entries
  local limit = settings.number(step, "max-job-history")
  if entries > limit then
    cut(record, limit)
  end
end

-- The words with which an attempt can end, and what a holder is told about it.
local ENDS = {
  [number.done] = "complete",
  [number.failed] = "failed",
  [number.retried] = "retried",
  [number.released] = "released",
  [number["timed-out"]] = "timed-out",
  [number.cancelled] = "cancelled",
  [number.moved] = "moved",
  [number.put] = "replaced",
}

-- How the attempt ended: the word for its holder and the entry's detail, or nil.
function history.ending(record, attempt)
  local tail = record.tail
  local from = 1
  while from <= #tail do
    local length, kind, entry_attempt = struct.unpack(ENTRY, tail, from)
    local word = ENDS[kind]
    if entry_attempt == attempt and word then
      return word, string.sub(tail, from + HEAD, from + HEAD + length - 1)
    end
    from = from + HEAD + length
  end
  return nil
end

return history
