/** Domains at which people shop, book and subscribe: none of them may be taken for another one here. */
export const ORDINARY = `
  amazon.com amazon.de amazon.co.uk ebay.com ebay.de etsy.com walmart.com target.com bestbuy.com costco.com homedepot.com lowes.com
  ikea.com wayfair.com macys.com nordstrom.com kohls.com sephora.com ulta.com gap.com zara.com hm.com uniqlo.com nike.com adidas.com
  puma.com reebok.com asos.com zalando.de boohoo.com shein.com temu.com aliexpress.com alibaba.com rakuten.com mercari.com wish.com
  newegg.com microcenter.com bhphotovideo.com adorama.com apple.com microsoft.com samsung.com sony.com lg.com dell.com hp.com lenovo.com
  asus.com acer.com msi.com razer.com logitech.com corsair.com nvidia.com amd.com intel.com google.com adobe.com autodesk.com canva.com
  figma.com notion.so slack.com zoom.us dropbox.com box.com github.com gitlab.com bitbucket.org atlassian.com jetbrains.com docker.com
  heroku.com netlify.com vercel.com cloudflare.com fastly.com digitalocean.com linode.com vultr.com hetzner.com ovh.com scaleway.com
  godaddy.com namecheap.com gandi.net porkbun.com hover.com squarespace.com wix.com weebly.com shopify.com bigcommerce.com wordpress.com
  medium.com substack.com patreon.com kickstarter.com indiegogo.com gumroad.com paddle.com stripe.com paypal.com adyen.com klarna.com
  afterpay.com affirm.com wise.com revolut.com monzo.com n26.com chase.com citi.com discover.com barclays.co.uk hsbc.com ing.com
  netflix.com hulu.com disneyplus.com hbomax.com spotify.com tidal.com deezer.com pandora.com audible.com kobo.com scribd.com youtube.com
  twitch.tv steampowered.com epicgames.com gog.com humblebundle.com nintendo.com playstation.com xbox.com ea.com ubisoft.com roblox.com
  nytimes.com wsj.com ft.com economist.com guardian.co.uk washingtonpost.com bloomberg.com reuters.com cnn.com bbc.co.uk spiegel.de zeit.de
  lemonde.fr elpais.com corriere.it nzz.ch derstandard.at wired.com vox.com theverge.com
  booking.com expedia.com airbnb.com vrbo.com hotels.com kayak.com skyscanner.net tripadvisor.com agoda.com trivago.com hostelworld.com
  marriott.com hilton.com hyatt.com ihg.com accor.com delta.com united.com aa.com southwest.com jetblue.com lufthansa.com klm.com
  airfrance.com ryanair.com easyjet.com emirates.com qatarairways.com singaporeair.com qantas.com trainline.com bahn.de sncf.com amtrak.com
  oebb.at sbb.ch renfe.com uber.com lyft.com bolt.eu grab.com sixt.com hertz.com avis.com enterprise.com europcar.com turo.com
  doordash.com ubereats.com grubhub.com deliveroo.co.uk justeat.com wolt.com lieferando.de instacart.com gopuff.com hellofresh.com
  blueapron.com starbucks.com dominos.com mcdonalds.com kfc.com subway.com chipotle.com panera.com dunkin.com nespresso.com
  tesco.com sainsburys.co.uk asda.com ocado.com waitrose.com aldi.com lidl.de rewe.de edeka.de carrefour.fr auchan.fr coop.ch migros.ch
  ah.nl jumbo.com bol.com coolblue.nl mediamarkt.de saturn.de otto.de conrad.com reichelt.de fnac.com darty.com cdiscount.com boulanger.com
  elcorteingles.es allegro.pl ceneo.pl emag.ro alza.cz digitec.ch galaxus.ch brack.ch interdiscount.ch jula.se elgiganten.se cdon.com
  komplett.no verkkokauppa.com power.fi argos.co.uk currys.co.uk johnlewis.com next.co.uk boots.com superdrug.com screwfix.com diy.com
  wickes.co.uk halfords.com decathlon.com rei.com patagonia.com thenorthface.com columbia.com llbean.com basspro.com cabelas.com
  dickssportinggoods.com footlocker.com jdsports.co.uk lululemon.com gymshark.com allbirds.com vans.com converse.com crocs.com levis.com
  oldnavy.com bananarepublic.com jcrew.com madewell.com everlane.com warbyparker.com zennioptical.com glossier.com lush.com kiehls.com
  loreal.com maccosmetics.com clinique.com fentybeauty.com chewy.com petco.com petsmart.com zooplus.de fressnapf.de barkbox.com
  staples.com officedepot.com uline.com grainger.com mcmaster.com digikey.com mouser.com sparkfun.com adafruit.com arduino.cc
  raspberrypi.com pimoroni.com farnell.com rsonline.com hobbyking.com lego.com mattel.com hasbro.com toysrus.com gamestop.com
  barnesandnoble.com waterstones.com thalia.de hugendubel.de bookdepository.com abebooks.com thriftbooks.com powells.com oreilly.com
  udemy.com coursera.org edx.org skillshare.com masterclass.com duolingo.com babbel.com rosettastone.com grammarly.com evernote.com
  todoist.com trello.com asana.com monday.com clickup.com airtable.com zapier.com mailchimp.com sendgrid.com twilio.com intercom.com
  zendesk.com freshworks.com hubspot.com salesforce.com oracle.com sap.com ibm.com vmware.com redhat.com suse.com
  nordvpn.com expressvpn.com mullvad.net protonmail.com tutanota.com fastmail.com bitwarden.com lastpass.com dashlane.com keepersecurity.com
  norton.com mcafee.com avast.com kaspersky.com bitdefender.com malwarebytes.com
  verizon.com att.com tmobile.com sprint.com vodafone.de telekom.de orange.fr swisscom.ch sunrise.ch mintmobile.com
  ups.com fedex.com dhl.com usps.com dpd.com hermes.de gls.com royalmail.com post.ch
  zillow.com redfin.com trulia.com apartments.com lemonade.com geico.com progressive.com allstate.com allianz.de axa.com zurich.com
  ticketmaster.com stubhub.com eventbrite.com seatgeek.com livenation.com fandango.com
  vistaprint.com moo.com shutterfly.com snapfish.com redbubble.com zazzle.com society6.com teespring.com printful.com
  peloton.com garmin.com fitbit.com gopro.com dji.com sonos.com bose.com jbl.com sennheiser.com dyson.com irobot.com philips.com
`.trim().split(/\s+/);
