// The least that a program in Node can do: what Node's own start costs.
'use strict';
require('node:fs').writeSync(1, '@@NODE@@\n');
