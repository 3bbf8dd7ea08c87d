-- A step: one call's view of the namespace. It holds what has been read, and the writes that are
-- still to be sent (store/writes.lua); nothing of it outlives the call.

local refuse = require("rules.refusal")

local step = {}

-- root: the namespace's root key. now: milliseconds, or empty for the server's clock.
function step.open(root, now)
  if now == "" then
    local time = redis.call("TIME")
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  else
    now = tonumber(now)
  end
  return {
    root = root,
    now = now,
    stamp = string.format("%.0f", now), -- as a score: Redis would write the number out each time
    fields = {}, -- of the root hash: field -> text, or false when absent
    -- Fields of the root to read in one call: what every call looks at, and what they announce. One
    -- that is missing here costs a call of its own.
    wanted = { "format", "due", "settings" },
    records = {}, -- jid -> record, its text until it is looked into, or false when absent
    unread = {}, -- jids whose records are to be read in one call
    touched = {}, -- jid -> a word: jobs that a member of the step changes
    awaited = {}, -- jid -> jids of jobs that will wait for it, see doors/depends.lua
    uniques = nil, -- unique keys as members leave them: key -> how it is held
    freed = {}, -- jid -> jobs that it will not wait for any more, or true: for none
    places = 0, -- places that the members will draw
    dirty = {}, -- records to be stored
    -- Writes to be sent, see store/writes.lua, and events, see store/events.lua. Most calls need
    -- few of these lists, so each is made when something goes into it.
    removals = nil,
    additions = nil,
    stored = nil,
    unlinked = nil,
    counters = nil,
    report = nil,
    sampled = nil,
    -- Flows, see store/flows.lua: what is known of them, those that a member is going to seal, and
    -- those of which members were changed.
    flows = nil,
    sealing = nil,
    stirred = nil,
    open = nil, -- answers that stand open, see doors/outcome.lua, and whether there were any
    settled = nil,
    asked = nil, -- the queue of which `none` is known, see store/retention.lua
    none = nil,
  }
end

-- A member of the step is going to change this job; a second one is refused.
function step.touch(open, jid, how)
  if open.touched[jid] then
    refuse("INVALID", "jid: " .. jid .. " is named twice in one call")
  end
  open.touched[jid] = how or "changed"
end

return step
