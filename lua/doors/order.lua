-- An order key passes on when its job has ended, is put anew, or begins to wait for others, which
-- may be behind it: it joins the line again when it is runnable.

local follow = require("doors.following")
local lines = require("store.lines")

local function pass_on(step, record)
  local jid = lines.leave(step, record)
  if jid then
    follow(step, jid)
  end
end

return pass_on
