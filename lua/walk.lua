-- The walk over the data of a namespace, in slices.
--
-- A cursor is what is to be looked at next: empty for the first keys, `k` and a cursor of SCAN for
-- further ones, `m`, a cursor and a colon for the members of the key whose name follows.

local inspection = require("inspection")
local subjects = require("subjects")

local walk = {}

local SCANS = 10 -- in one slice, when most keys are not the namespace's

local function judge_all(step, list, findings)
  for position = 1, #list do
    inspection.judge(step, list[position], findings)
  end
end

-- Members as they were read, with their values unless they are those of a set.
local function members_of(step, whole, list)
  local width = whole.about.type == "set" and 1 or 2
  local found = {}
  for position = 1, #list, width do
    found[#found + 1] = subjects.member(step, whole, list[position], list[position + width - 1])
  end
  return found
end

-- Judges the members of a key when there is room for them, else leaves a cursor for them. Returns
-- the room that is left.
local function descend(step, whole, answer, room)
  local reading = subjects.TYPES[whole.about.type]
  if not reading or #whole.members == 0 then
    return room
  end
  local count = redis.pcall(reading.count, whole.key)
  if type(count) ~= "number" then
    return room -- of another type, as its own judgement says
  elseif count > room then
    table.insert(answer[1], "m0:" .. whole.name)
    return room
  end
  local list = redis.call(reading.all, whole.key, unpack(reading.range))
  judge_all(step, members_of(step, whole, list), answer)
  return room - count
end

-- Up to some `count` keys of the namespace, as subjects, and the cursor of further ones (0: none).
local function scan(step, cursor, count)
  local found = {}
  for _ = 1, SCANS do
    local page = redis.call("SCAN", cursor, "MATCH", step.root .. "*", "COUNT", count)
    cursor = page[1]
    for position = 1, #page[2] do
      found[#found + 1] = subjects.key(step, string.sub(page[2][position], #step.root + 1))
    end
    if cursor == "0" or #found >= count / 2 then
      break
    end
  end
  return found, cursor
end

local function walk_keys(step, cursor, count, answer)
  local list, more = scan(step, cursor, count)
  if more ~= "0" then
    answer[1][1] = "k" .. more
  end
  judge_all(step, list, answer)
  local room = count
  for position = 1, #list do
    room = descend(step, list[position], answer, room)
  end
end

local function walk_members(step, cursor, name, count, answer)
  local whole = subjects.key(step, name)
  local reading = subjects.TYPES[whole.about.type]
  if not reading then
    return
  end
  local page = redis.call(reading.some, whole.key, cursor, "COUNT", count)
  if page[1] ~= "0" then
    answer[1][1] = "m" .. page[1] .. ":" .. name
  end
  judge_all(step, members_of(step, whole, page[2]), answer)
end

-- Looks at about `count` keys or members; returns {cursors of what is to be looked at yet, finding,
-- ...}.
function walk.slice(step, cursor, count)
  local answer = { {} }
  local kind, position, name = string.match(cursor, "^([km])(%d+):?(.*)$")
  if kind == "m" then
    walk_members(step, position, name, count, answer)
  elseif kind == "k" or cursor == "" then
    walk_keys(step, position or "0", count, answer)
  end
  return answer
end

return walk
