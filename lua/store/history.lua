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

-- One entry; kind is a word of rules/events.lua.
function history.entry(kind, attempt, time, detail)
  return struct.pack(ENTRY, #detail, number[kind], attempt, time) .. detail
end

-- Keeps the first entry and the newest, `limit` in all. rest: the end of a record, whose history
-- begins at `from`. Returns it, and how many entries it has.
function history.cut(rest, from, entries, limit)
  if entries <= limit then
    return rest, entries
  end
  if limit > 1 then
    from = from + HEAD + struct.unpack(">H", rest, from)
  end
  local kept = string.sub(rest, 1, from - 1)
  for _ = 1, entries - limit do
    from = from + HEAD + struct.unpack(">H", rest, from)
  end
  return kept .. string.sub(rest, from), limit
end

-- Writes out the put of a job that has waited since, before anything else becomes of it.
function history.spell(record, queue)
  local fresh = states.flags.FRESH
  if bit.band(record.flags, fresh) ~= 0 then
    records.lower(record, fresh)
    record.rest = record.rest .. history.entry("put", 0, record.since, queue.name)
    record.entries = 1
  end
end

-- Appends an entry; `kind` is a word of rules/events.lua, `queue` the queue that the job is in.
function history.append(step, record, queue, kind, detail)
  history.spell(record, queue)
  record.rest = record.rest .. history.entry(kind, record.attempt, step.now, detail or "")
  local limit = settings.value(step, "max-job-history")
  record.rest, record.entries =
    history.cut(record.rest, records.history(record), record.entries + 1, limit)
end

-- The detail of an entry of this step turns out to be another.
function history.correct(step, record, kind, was, is)
  if was == is then
    return
  end
  local entry, rest = history.entry(kind, record.attempt, step.now, was), record.rest
  local from = string.find(rest, entry, records.history(record), true)
  if from then
    record.rest = string.sub(rest, 1, from - 1)
      .. history.entry(kind, record.attempt, step.now, is)
      .. string.sub(rest, from + #entry)
    records.save(step, record)
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
  local rest = record.rest
  local from = records.history(record)
  while from <= #rest do
    local length, kind, entry_attempt = struct.unpack(ENTRY, rest, from)
    local word = ENDS[kind]
    if entry_attempt == attempt and word then
      return word, string.sub(rest, from + HEAD, from + HEAD + length - 1)
    end
    from = from + HEAD + length
  end
  return nil
end

return history
