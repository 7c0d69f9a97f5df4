// `npm run build`, and what `npm pack` runs first.
import {build, install} from './setup.mjs'

install()
build()
