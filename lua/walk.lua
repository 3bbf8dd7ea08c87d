-- The walk over the data of a namespace, in slices.
--
-- A cursor is what is to be looked at next: empty for the first keys, `k` and a cursor of SCAN for
-- further ones, `m`, a cursor and a colon for the members of the key whose name follows. Of a small
-- key the server gives all members at once; when those are too many for a slice, the number of a
-- part and that of all parts, each after a slash, follow the cursor.

local inspection = require("inspection")
local subjects = require("subjects")

local walk = {}

local SCANS = 10 -- in one slice, when most keys are not the namespace's

local function judge_all(step, list, findings)
  for position = 1, #list do
    inspection.judge(step, list[position], findings)
  end
end

-- The part that a member belongs to goes by the member alone, so nothing shifts between slices.
local function part_of(member, parts)
  return (string.byte(member, -1) + 256 * (string.byte(member, -2) or 0)) % parts
end

-- Members as they were read, with their values unless they are those of a set; of one part, or all.
local function members_of(step, whole, list, part, parts)
  local width = whole.about.type == "set" and 1 or 2
  local found = {}
  for position = 1, #list, width do
    local member = list[position]
    if not parts or part_of(member, parts) == part then
      found[#found + 1] = subjects.member(step, whole, member, list[position + width - 1])
    end
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

local function divide(answer, cursor, name, parts)
  for part = 0, parts - 1 do
    table.insert(answer[1], string.format("m%s/%d/%d:", cursor, part, parts) .. name)
  end
end

local function walk_members(step, cursor, part, parts, name, count, answer)
  local whole = subjects.key(step, name)
  local reading = subjects.TYPES[whole.about.type]
  if not reading then
    return
  end
  local page = redis.call(reading.some, whole.key, cursor, "COUNT", count)
  if not parts and page[1] ~= "0" then
    answer[1][1] = "m" .. page[1] .. ":" .. name
  end
  local given = #page[2] / (whole.about.type == "set" and 1 or 2)
  if not parts and given > 2 * count then
    divide(answer, cursor, name, math.ceil(given / count))
  else
    judge_all(step, members_of(step, whole, page[2], part, parts), answer)
  end
end

-- Looks at about `count` keys or members; returns {cursors of what is to be looked at yet, finding,
-- ...}.
function walk.slice(step, cursor, count)
  local answer = { {} }
  local scanned, part, parts, name = string.match(cursor, "^m(%d+)/?(%d*)/?(%d*):(.*)$")
  if name then
    walk_members(step, scanned, tonumber(part), tonumber(parts), name, count, answer)
  else
    walk_keys(step, string.match(cursor, "^k(%d+)$") or "0", count, answer)
  end
  return answer
end

return walk
